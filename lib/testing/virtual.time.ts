import type { Clock } from '../clock/clock.js';

interface Timer {
  readonly intervalMs: number;
  readonly run: () => void;
  dueAt: number;
}

/** When tests begin, in milliseconds since the Unix epoch: the same day each time. */
const START_EPOCH = 1_700_000_000_000;

/** Time that moves only when it is told to, in the two phases of Node's event loop that matter: timers, then the poll. */
export class VirtualTime implements Clock {
  private readonly timers = new Set<Timer>();
  private afterThePoll: (() => void)[] = [];
  /** Milliseconds since this time was made. */
  protected at = 0;

  /** @param startEpoch what people's clocks show at monotonic 0; may be changed, as a system's date may */
  constructor(public startEpoch = START_EPOCH) {}

  monotonic(): number {
    return this.at;
  }

  epoch(): number {
    return this.startEpoch + this.at;
  }

  every(intervalMs: number, run: () => void): () => void {
    // As setInterval does; an interval of 0 would keep time from passing.
    const wholeMs = Math.max(1, intervalMs);
    const timer = { intervalMs: wholeMs, run, dueAt: this.at + wholeMs };
    this.timers.add(timer);
    return () => this.timers.delete(timer);
  }

  afterPoll(run: () => void): void {
    this.afterThePoll.push(run);
  }

  /** How many timers there are. */
  get timerCount(): number {
    return this.timers.size;
  }

  /** How many wait for a poll phase. */
  get waitingForPoll(): number {
    return this.afterThePoll.length;
  }

  /** When the next timer is due, in monotonic time; `Infinity` where there is none. */
  protected get nextDueAt(): number {
    let next = Infinity;
    for (const { dueAt } of this.timers) next = Math.min(next, dueAt);
    return next;
  }

  /** Timers that are due run, each once however often it was due, as `setInterval` does. */
  protected runTimers(): void {
    for (const timer of [...this.timers]) {
      if (timer.dueAt > this.at || !this.timers.has(timer)) continue;
      timer.dueAt = this.at + timer.intervalMs;
      timer.run();
    }
  }

  /** What waits for a poll phase runs; what is asked for meanwhile waits for the next. */
  protected poll(): void {
    for (const run of this.afterThePoll.splice(0)) run();
  }
}
