import type { Clock } from '../../lib/clock/clock.js';

interface Timer {
  readonly intervalMs: number;
  readonly run: () => void;
  dueAt: number;
}

/** A clock that tests turn by hand, with the two phases of Node's event loop that matter: timers, then the poll. */
export class FakeClock implements Clock {
  private readonly timers = new Set<Timer>();
  private afterThePoll: (() => void)[] = [];
  private at = 0;

  /** @param startEpoch what people's clocks show at monotonic 0 */
  constructor(public startEpoch = 1_700_000_000_000) {}

  monotonic(): number {
    return this.at;
  }

  epoch(): number {
    return this.startEpoch + this.at;
  }

  every(intervalMs: number, run: () => void): () => void {
    const timer = { intervalMs, run, dueAt: this.at + intervalMs };
    this.timers.add(timer);
    return () => this.timers.delete(timer);
  }

  afterPoll(run: () => void): void {
    this.afterThePoll.push(run);
  }

  get timerCount(): number {
    return this.timers.size;
  }

  get waitingForPoll(): number {
    return this.afterThePoll.length;
  }

  /** Time passes and nothing runs: the event loop is blocked. */
  stall(ms: number): void {
    this.at += ms;
  }

  /** Timers that are due run, each once however often it was due, as `setInterval` does. */
  runTimers(): void {
    for (const timer of [...this.timers]) {
      if (timer.dueAt > this.at) continue;
      timer.dueAt = this.at + timer.intervalMs;
      timer.run();
    }
  }

  /** What waits for a poll phase runs; what is asked for meanwhile waits for the next. */
  poll(): void {
    for (const run of this.afterThePoll.splice(0)) run();
  }

  /** Time passes while the event loop runs as it should. */
  advance(ms: number): void {
    const end = this.at + ms;
    for (;;) {
      const next = Math.min(...[...this.timers].map(({ dueAt }) => dueAt), Infinity);
      if (next > end) break;
      this.at = Math.max(this.at, next);
      this.runTimers();
      this.poll();
    }
    this.at = end;
  }
}
