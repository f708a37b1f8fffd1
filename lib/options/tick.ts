import type { ConnectionSettings } from '../connection/connection.settings.js';

const LONGEST_TICK_MS = 250;
/** What an interval must be above: a tenth of it, the tick, would be shorter than the timers of Node can keep. */
export const MIN_INTERVAL_MS = 9;

/**
 * How often the product looks at what is due: at most every 250 ms and at least ten times in the shortest of the
 * intervals it must keep. Whatever is found is found at most one tick late.
 */
export function tickMsOf(intervalsMs: readonly number[]): number {
  return Math.max(
    1,
    Math.min(LONGEST_TICK_MS, ...intervalsMs.map((intervalMs) => Math.floor(intervalMs / 10))),
  );
}

/** The tick that a server's settings ask for. */
export function tickMsFor({ heartbeat, protocolPing, sweep }: ConnectionSettings): number {
  const intervals = [heartbeat, protocolPing, sweep].map((part) =>
    part === false ? undefined : part.intervalMs,
  );
  return tickMsOf(intervals.filter((intervalMs) => intervalMs !== undefined));
}
