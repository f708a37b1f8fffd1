import type { AwakeTime } from '../clock/awake.clock.js';
import type { Connection } from '../connection/connection.js';
import { beatIntervalOf } from '../connection/connection.settings.js';

/** Moves a connection's beat to the first one of its schedule that lies ahead. */
export function advanceBeat(connection: Connection, now: AwakeTime): void {
  const intervalMs = beatIntervalOf(connection.server.settings)!;
  const overdueMs = now - connection.beatAt;
  if (overdueMs >= 0) connection.beatAt += (Math.floor(overdueMs / intervalMs) + 1) * intervalMs;
}

/** Leaves the last beat of a schedule that is past as the one that is due. @returns whether others were before it */
export function skipBeats(connection: Connection, now: AwakeTime): boolean {
  const { beatAt } = connection;
  advanceBeat(connection, now);
  if (connection.beatAt > beatAt) connection.beatAt -= beatIntervalOf(connection.server.settings)!;
  return connection.beatAt > beatAt;
}
