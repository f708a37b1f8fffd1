import { KINDS } from './kinds.mjs';
import { PERIOD_MS } from './monotonic.mjs';

/** Timers come a little late each time they fire: what the server's {@link LoopMeter} finds not worth a note. */
export const UNNOTED_MS = 3;
/** Stalls of four ticks, beyond the two that pass without credit, make the server ask again (R2); one may be shared. */
const TICKS_OF_A_STALL = 5;
/** R4's allowance: less than 1 KiB goes to a client between two answers, at 32 KiB a second. */
const ALLOWANCE_MS = 32;

/**
 * By when what happened to one connection must have been noticed, given what happened meanwhile. Each bound is the
 * design's (section 5), plus time in which the server provably did not run, which this soak measures itself.
 */
export class Bounds {
  #settings;
  #server;

  constructor(settings, server) {
    this.#settings = settings;
    this.#server = server;
  }

  /** From a ghost's death to the verdict: `intervalMs + timeoutMs` and one tick, and what R2, R4 and R7 add. */
  toBeFound(record, until) {
    const { intervalMs, timeoutMs, tickMs } = this.#settings;
    const designedMs = intervalMs + timeoutMs + tickMs + ALLOWANCE_MS + record.delayMs;
    // Who is asked between two ticks is looked at one tick later than `timeoutMs` says.
    const repeatsMs = this.#repeats(record, until) * (timeoutMs + tickMs);
    return designedMs + repeatsMs + this.#lateMs(record.diedAt, until);
  }

  /** How often the question was asked once more: for a stall of the server (R2), and for a mass of silence (R7). */
  #repeats({ diedAt, heldAt = 0 }, until) {
    const longestMs = this.#server.gaps.longestBetween(diedAt, until);
    const wasStalled = longestMs >= TICKS_OF_A_STALL * this.#settings.tickMs - PERIOD_MS;
    return (wasStalled ? 1 : 0) + (heldAt >= diedAt ? 1 : 0);
  }

  /** From the verdict, or from a death that needs none, to the end: a tick, and a grace period where nobody answers (R6). */
  toBeGone({ kind, home, delayMs }, from, until) {
    const { tickMs, closeTimeoutMs } = this.#settings;
    const lateMs = this.#lateMs(from, until);
    if (!KINDS[kind].answersClose) return closeTimeoutMs + tickMs + delayMs + lateMs;
    const answerMs = 2 * delayMs + home.gaps.lostBetween(from, until);
    return Math.min(answerMs + tickMs, closeTimeoutMs + tickMs) + lateMs;
  }

  /** From a death until its connection must be gone, at the latest. */
  inAll(record, until) {
    const isGhost = KINDS[record.kind].ghost !== undefined;
    const foundMs = isGhost ? this.toBeFound(record, until) : 0;
    return foundMs + this.toBeGone(record, record.diedAt, until);
  }

  /** In which gaps its own process and the server did not run before a verdict, for people. */
  story({ home }, at) {
    const { intervalMs, timeoutMs } = this.#settings;
    const from = at - intervalMs - timeoutMs;
    const own = Math.round(home.gaps.longestBetween(from, at));
    const longest = Math.round(this.#server.gaps.longestBetween(from, at));
    const all = Math.round(this.#server.gaps.lostBetween(from, at));
    return `gaps: its own at most ${own} ms, the server's at most ${longest} ms and ${all} ms in all`;
  }

  #lateMs(from, until) {
    const ticks = 1 + Math.max(0, until - from) / this.#settings.tickMs;
    return this.#server.gaps.lostBetween(from, until) + ticks * UNNOTED_MS;
  }
}
