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
    // The number is an object of 16 bytes. `process.hrtime()` costs nothing where V8 inlines it, and 64 bytes where not.
    return performance.now();
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
