import type { ConnectionHealthRuntime } from './connection-health.runtime.js';

/** Asks those in time whose clients leave by their own clock when they are not asked, which knows of no stall of ours. */
export function hurryAfterStall(parts: ConnectionHealthRuntime, creditMs: number): void {
  const isGoverned = [...parts.binder.servers()].some(
    ({ driver, settings: { heartbeat } }) =>
      driver.ownHeartbeat !== undefined && heartbeat !== false && heartbeat.isTransports !== true,
  );
  if (!isGoverned) return;
  const now = parts.awake.now();
  for (const connection of parts.registry) parts.engine.hurry(connection, creditMs, now);
}
