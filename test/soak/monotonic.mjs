// Time that all processes of a soak share, and the times in which one of them did not run. The product's own notion of
// awake time is never asked: what it credits is to be judged, not believed.
import { setInterval } from 'node:timers';

/** How often a process looks whether it runs. */
export const PERIOD_MS = 25;

/** Milliseconds of the machine's monotonic clock (`CLOCK_MONOTONIC`): the same in every process, never set back. */
export function now() {
  return Number(process.hrtime.bigint()) / 1e6;
}

export function sleep(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Notes when the event loop of this process did not run: blocked, stopped, or without a processor. */
export class LoopMeter {
  #lastAt = now();
  #gaps = [];
  #fromMs;
  #isBehind;

  /**
   * @param fromMs lateness that is worth a note
   * @param isBehind whether the process has not come to what it has read already: as bad as if it did not run
   */
  constructor(fromMs, isBehind = () => false) {
    this.#fromMs = fromMs;
    this.#isBehind = isBehind;
    setInterval(() => this.#look(true), PERIOD_MS);
  }

  /** The gaps since the last call, each as [from, to]. */
  take() {
    // Whatever has just happened may have happened right after a gap.
    this.#look(false);
    return this.#gaps.splice(0);
  }

  #look(isTimer) {
    if (this.#isBehind()) return;
    const at = now();
    const isLate = at - this.#lastAt - PERIOD_MS >= this.#fromMs;
    if (isLate) this.#gaps.push([this.#lastAt, at]);
    if (isLate || isTimer) this.#lastAt = at;
  }
}

/** The gaps of one process, oldest first. */
export class Gaps {
  #gaps = [];

  add(gaps) {
    this.#gaps.push(...gaps);
  }

  /** Milliseconds between two moments in which the process did not run when it should have. */
  lostBetween(from, to) {
    let lostMs = 0;
    for (const [start, end] of this.between(from, to)) {
      lostMs += Math.min(end - start - PERIOD_MS, Math.min(end, to) - Math.max(start, from));
    }
    return lostMs;
  }

  /** The longest gap that touches the time between two moments. */
  longestBetween(from, to) {
    return Math.max(0, ...this.between(from, to).map(([start, end]) => end - start));
  }

  /** All milliseconds lost. */
  get totalMs() {
    return this.#gaps.reduce((sum, [start, end]) => sum + end - start - PERIOD_MS, this.#forgottenMs);
  }

  /** Drops what ended before a moment. */
  forgetBefore(moment) {
    const kept = this.#gaps.filter(([, end]) => end >= moment);
    const before = this.totalMs;
    this.#gaps = kept;
    this.#forgottenMs += before - this.totalMs;
  }

  #forgottenMs = 0;

  /** The gaps that touch the time between two moments. */
  between(from, to) {
    let [low, high] = [0, this.#gaps.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#gaps[middle][1] <= from) low = middle + 1;
      else high = middle;
    }
    let end = low;
    while (end < this.#gaps.length && this.#gaps[end][0] < to) end++;
    return this.#gaps.slice(low, end);
  }
}
