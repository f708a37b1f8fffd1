import { SingleTimer } from './single.timer.js';

/** A timer that is later than this says more of us (hidden, frozen, asleep, blocked) than of the server. */
export const LATE_MS = 1_000;
/** Timers of a hidden page are all late (Chrome runs them once a minute): at some point silence is silence. */
const MAX_LATE_LOOKS = 2;
/** The last part of a wait begins anew when we wake: what has arrived meanwhile is read in it, before the verdict. */
const LAST_PART = 0.1;

/** What a pulse needs to know, and whom it tells. */
interface PulseParts {
  readonly graceMs: number;
  /** How often the server is heard of, in milliseconds; `undefined` while that is not known. */
  readonly intervalMs: number | undefined;
  /** Asks the server for a sign of life, where it understands that. */
  readonly probe: () => void;
  readonly dead: () => void;
}

/** Tells a server that is gone from one that is only quiet. */
export class ServerPulse {
  readonly #timer = new SingleTimer();
  readonly #parts: PulseParts;
  #intervalMs: number | undefined;
  #heardAt = 0;
  #askedAt = -Infinity;
  #lateLooks = 0;

  constructor(parts: PulseParts) {
    this.#parts = parts;
    this.#intervalMs = parts.intervalMs;
  }

  /** A connection is open. */
  start(): void {
    this.heard();
    this.#look();
  }

  stop(): void {
    this.#timer.stop();
  }

  /** Something came: no timer is touched for it. */
  heard(): void {
    this.#heardAt = performance.now();
    this.#lateLooks = 0;
  }

  /** The server said how often it is heard of. */
  learn(intervalMs: number): void {
    if (!(intervalMs > 0) || intervalMs === this.#intervalMs) return;
    this.#intervalMs = intervalMs;
    this.#look();
  }

  /** What the server said is not to be relied on any more. */
  forget(): void {
    this.#intervalMs = this.#parts.intervalMs;
  }

  /**
   * Asks now, for a page that may have slept. Once a grace at most, since a server counts (R10); and not while an answer is
   * waited for, since the wait would begin anew each time.
   */
  check(): void {
    const isTooSoon = this.#askedAt > Math.min(this.#heardAt, performance.now() - this.#parts.graceMs);
    if (this.#intervalMs !== undefined && !isTooSoon) this.#ask();
  }

  #look(): void {
    if (this.#intervalMs === undefined) return;
    const leftMs = this.#heardAt + this.#intervalMs + this.#parts.graceMs - performance.now();
    if (leftMs > 0) this.#timer.start(leftMs, () => this.#look());
    else this.#ask();
  }

  #ask(): void {
    const { graceMs, probe, dead } = this.#parts;
    this.#askedAt = performance.now();
    probe();
    this.#await(graceMs * (1 - LAST_PART), () => this.#await(graceMs * LAST_PART, dead));
  }

  /** Waits for an answer. A timer that comes late has not waited: we did not listen all that time. */
  #await(ms: number, inVain: () => void): void {
    this.#timer.start(ms, (lateMs) => {
      if (this.#heardAt >= this.#askedAt) this.#look();
      else if (lateMs > LATE_MS && this.#lateLooks++ < MAX_LATE_LOOKS) this.#ask();
      else inVain();
    });
  }
}
