/** Where time comes from. Tests pass their own; everybody else uses {@link SystemClock}. */
export interface Clock {
  /** Milliseconds since some moment, never going back, not moved by changes of the system's date. */
  monotonic(): number;
  /** Milliseconds since the Unix epoch, for people and for the wire. */
  epoch(): number;
  /**
   * Calls `run` every `intervalMs` milliseconds until the returned function is called. Must not keep the process alive.
   */
  every(intervalMs: number, run: () => void): () => void;
  /** Calls `run` once after the event loop has read what waits in the kernel (in Node: the check phase after a poll). */
  afterPoll(run: () => void): void;
}

/** Node's own clock and timers. */
export class SystemClock implements Clock {
  monotonic(): number {
    // Not `performance.now()`: each of its numbers is an object of 16 bytes, while this array is gone once compiled.
    const time = process.hrtime();
    return time[0] * 1_000 + time[1] / 1_000_000;
  }

  epoch(): number {
    return Date.now();
  }

  every(intervalMs: number, run: () => void): () => void {
    const timer = setInterval(run, intervalMs);
    timer.unref();
    return () => clearInterval(timer);
  }

  afterPoll(run: () => void): void {
    setImmediate(run);
  }
}
