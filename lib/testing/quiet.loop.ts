import { performance } from 'node:perf_hooks';
import timers from 'node:timers';

// Taken once, so that a test framework's fake timers do not stop them.
const { setImmediate, setTimeout } = timers;

/** A loopback socket that was written to is readable in the next turn; the rest is for a kernel that takes its time. */
const QUIET_TURNS = 5;
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
  let [events, quietTurns, since] = [eventsSoFar(), 0, performance.now()];
  for (let turn = 0; turn < MOST_TURNS; turn++) {
    const isTurnedEnough = quietTurns >= QUIET_TURNS;
    if (isTurnedEnough && performance.now() - since >= quietMs) return;
    // Whoever waits for another process must not take the processor from it.
    await (isTurnedEnough ? realSleep(1) : nextTurn());
    quietTurns++;
    const eventsNow = eventsSoFar();
    if (eventsNow === events) continue;
    [events, quietTurns, since] = [eventsNow, 0, performance.now()];
  }
}

/** How many events of file descriptors and threads the loop has processed (libuv's `uv_metrics_info`). */
function eventsSoFar(): number {
  return performance.nodeTiming.uvMetricsInfo.events;
}
