import { afterEach, beforeEach, jest } from '@jest/globals';

interface FakeTimer {
  readonly dueAt: number;
  readonly run: () => void;
  isHolding: boolean;
}

/** Stands in for `setTimeout` and `performance.now()`, and can let time pass while nobody runs. */
export class FakeTime {
  now = 1_000;
  private readonly timers = new Set<FakeTimer>();

  /** Time passes while the event loop runs as it should. */
  advance(ms: number): void {
    const end = this.now + ms;
    for (let next = this.next; next !== undefined && next.dueAt <= end; next = this.next) {
      this.now = Math.max(this.now, next.dueAt);
      this.fire(next);
    }
    this.now = end;
  }

  /** Time passes and nothing runs: blocked, frozen, asleep. What was due then runs late. */
  stall(ms: number): void {
    this.now += ms;
  }

  /** Runs what is due first, as late as it may be. @returns whether there was anything */
  runNext(): boolean {
    const { next } = this;
    if (next === undefined) return false;
    this.now = Math.max(this.now, next.dueAt);
    this.fire(next);
    return true;
  }

  /** Forgets all timers. */
  clear(): void {
    this.timers.clear();
  }

  get pending(): number {
    return this.timers.size;
  }

  /** Timers that keep a Node process alive. */
  get holding(): number {
    return [...this.timers].filter(({ isHolding }) => isHolding).length;
  }

  readonly setTimeout = (run: () => void, ms = 0): object => {
    const timer = { dueAt: this.now + (ms > 2 ** 31 - 1 ? 1 : ms), run, isHolding: true };
    this.timers.add(timer);
    return Object.assign(timer, { unref: () => (timer.isHolding = false) });
  };

  readonly clearTimeout = (timer: unknown): void => {
    this.timers.delete(timer as FakeTimer);
  };

  private get next(): FakeTimer | undefined {
    return [...this.timers].reduce<FakeTimer | undefined>(
      (first, timer) => (first === undefined || timer.dueAt < first.dueAt ? timer : first),
      undefined,
    );
  }

  private fire(timer: FakeTimer): void {
    this.timers.delete(timer);
    timer.run();
  }
}

/** A time of its own for each test of a file. */
export function useFakeTime(): () => FakeTime {
  let time: FakeTime;
  beforeEach(() => {
    time = new FakeTime();
    jest.spyOn(performance, 'now').mockImplementation(() => time.now);
    jest.spyOn(globalThis, 'setTimeout').mockImplementation(time.setTimeout as typeof setTimeout);
    jest.spyOn(globalThis, 'clearTimeout').mockImplementation(time.clearTimeout);
  });
  afterEach(() => {
    jest.restoreAllMocks();
  });
  return () => time;
}
