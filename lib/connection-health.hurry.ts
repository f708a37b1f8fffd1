import type { ConnectionHealthRuntime } from './connection-health.runtime.js';
import { Slice } from './clock/slice.js';

/**
 * Asks those in time whose clients leave by their own clock when they are not asked, which knows of no stall of ours. In
 * slices: they are many, and a stall has just made all others wait.
 */
export function hurryAfterStall(parts: ConnectionHealthRuntime, creditMs: number): void {
  const isGoverned = [...parts.binder.servers()].some(
    ({ driver, settings: { heartbeat } }) =>
      driver.ownHeartbeat !== undefined && heartbeat !== false && heartbeat.isTransports !== true,
  );
  if (!isGoverned) return;
  const { registry, options, pulse, awake, engine } = parts;
  const slice = new Slice(options.clock);
  const last = registry.lastSequence;
  const goOn = (from: number): void => {
    slice.begin();
    const now = awake.now();
    for (const connection of registry.after(from)) {
      // Whoever has come since then knows of no stall.
      if (connection.sequence > last) return;
      engine.hurry(connection, creditMs, now);
      if (slice.mayGoOn()) continue;
      pulse.afterPoll(() => goOn(connection.sequence));
      return;
    }
  };
  goOn(0);
}
