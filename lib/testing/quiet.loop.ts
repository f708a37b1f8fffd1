import { performance } from 'node:perf_hooks';
import * as timers from 'node:timers';

// Taken once, so that a test framework's fake timers do not stop them.
const { setImmediate, setTimeout } = timers;

/** What was written to a loopback socket can be read in the next turn (Linux; 20,000 of 20,000): where nothing was, this is plenty. */
const QUIET_TURNS = 3;
/** Where something was, more of it may be on its way through a kernel that takes its time. */
const QUIET_TURNS_AFTER_EVENTS = 12;
/** An echo without end is never quiet. */
const MOST_TURNS = 10_000;

/** Resolves after one turn of the real event loop: sockets have been polled, and what they brought has run. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Resolves after so many real milliseconds. */
export function realSleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/**
 * Turns the real event loop until no socket of this process has had anything to read or write for some turns, which is
 * when a question and its answer have both arrived where they belong.
 *
 * @param quietMs real milliseconds for which it must have been quiet as well; for answers from other processes
 */
export async function untilQuiet(quietMs: number): Promise<void> {
  let [events, quietTurns, enough, since] = [eventsSoFar(), 0, QUIET_TURNS, performance.now()];
  for (let turn = 0; turn < MOST_TURNS; turn++) {
    if (quietTurns >= enough && performance.now() - since >= quietMs) return;
    // Whoever waits for another process must not take the processor from it.
    await (quietTurns >= enough ? realSleep(1) : nextTurn());
    quietTurns++;
    const eventsNow = eventsSoFar();
    if (eventsNow === events) continue;
    [events, quietTurns, enough, since] = [eventsNow, 0, QUIET_TURNS_AFTER_EVENTS, performance.now()];
  }
}

/** How many events of file descriptors and threads the loop has processed (libuv's `uv_metrics_info`). */
function eventsSoFar(): number {
  return performance.nodeTiming.uvMetricsInfo.events;
}
