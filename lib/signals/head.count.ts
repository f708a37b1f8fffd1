import type { AwakeClock, AwakeTime } from '../clock/awake.clock.js';
import type { Connection } from '../connection/connection.js';
import { beatIntervalOf, type ConnectionSettings } from '../connection/connection.settings.js';
import type { WatchedServer } from '../connection/watched.server.js';

/** Looked at before others may run. */
const SLICE = 5_000;

/** Silence of so long is suspicious, as in the diagnostics' `idle_5min+`. */
export const QUIET_MS = 300_000;

/** All connections, counted by what bears on leaks. */
export interface HeadCount {
  total: number;
  /** How many say whose they are. */
  identified: number;
  /** Without evidence of life for {@link QUIET_MS}, though they were asked for it. */
  silent: number;
  /**
   * Of the silent, those that answer protocol pings and have never answered a heartbeat: ghosts behind a proxy, or
   * clients that do not speak heartbeats (R7), which `enforce: observe` is meant to find out.
   */
  doubtful: number;
}

/**
 * Counts all connections, in slices between which others may run. By awake time, unlike a census: after a suspended hour
 * nobody was silent, we were deaf (R2).
 */
export async function countHeads(
  connections: Iterable<Connection>,
  awake: AwakeClock,
  nextTurn: () => Promise<unknown>,
): Promise<HeadCount> {
  const count: HeadCount = { total: 0, identified: 0, silent: 0, doubtful: 0 };
  let now = awake.now();
  let quiet = { server: undefined as WatchedServer | undefined, afterMs: Infinity };
  for (const connection of connections) {
    // Most have the same server as the one before.
    if (connection.server !== quiet.server)
      quiet = { server: connection.server, afterMs: quietAfterMs(connection.server) };
    count.total++;
    if (connection.identity !== undefined) count.identified++;
    if (now - connection.lastActivityAt >= quiet.afterMs && !connection.isUnheard) {
      count.silent++;
      if (isDoubtful(connection, now)) count.doubtful++;
    }
    if (count.total % SLICE === 0) {
      await nextTurn();
      now = awake.now();
    }
  }
  return count;
}

/** From when on silence is suspicious; never, where nobody asks, or nobody is asked what it understands. */
function quietAfterMs({ settings, crowd }: WatchedServer): number {
  const intervalMs = beatIntervalOf(settings);
  const isAskedInVain = crowd.isMute && settings.protocolPing === false;
  if (intervalMs === undefined || isAskedInVain) return Infinity;
  return Math.max(QUIET_MS, intervalMs + patienceMs(settings, intervalMs));
}

function patienceMs({ heartbeat, progress }: ConnectionSettings, intervalMs: number): number {
  return heartbeat === false ? intervalMs : heartbeat.timeoutMs + progress.maxExtraMs;
}

function isDoubtful({ server, hasAnswered, lastHopAt }: Connection, now: AwakeTime): boolean {
  return server.settings.heartbeat !== false && !hasAnswered && now - lastHopAt < QUIET_MS;
}
