import { nextTurn, realSleep, untilQuiet } from './quiet.loop.js';
import { VirtualTime } from './virtual.time.js';

/** How a fake clock begins and how patient it is. */
export interface FakeClockOptions {
  /** What {@link FakeClock.epoch} gives at first, in milliseconds since the Unix epoch. @default 14 November 2023 */
  readonly startEpoch?: number;
  /**
   * Real milliseconds without a socket event after which a tick is over. 0 is enough for clients in this process
   * without compression; a few are needed for clients in others, compressed frames and delaying relays. @default 0
   */
  readonly quietMs?: number;
}

/** When a stall begins: at once, or in the next tick, after what it sends was sent and before anything is read. */
export type StallStart = 'now' | 'afterTick';

/** The longest that {@link FakeClock.advanceUntil} lets pass by default, in virtual milliseconds. */
const LONGEST_WAIT_MS = 3_600_000;

/**
 * A clock for real apps on real sockets: hours pass in a moment, and only when a test says so. Between two ticks the
 * real event loop turns until all that was sent has been read and answered, so no client is judged before it was heard.
 *
 * It moves what asks it for the time: the module (`clock` option) and the peers of this kit that got it. Node's own
 * timers, TCP keep-alive and the kernel keep real time.
 *
 * @example
 * ```ts
 * const clock = new FakeClock();
 * ConnectionHealthModule.forRoot({ clock });
 * const ghost = await halfOpenPeer(url);
 * await clock.advance(60_000); // a minute later the ghost is gone
 * await clock.advanceUntil(app.close()); // the drain waits in virtual time, too
 * ```
 */
export class FakeClock extends VirtualTime {
  private readonly quietMs: number;
  private isAdvancing = false;
  private stallAfterTickMs = 0;

  constructor(options: FakeClockOptions = {}) {
    super(options.startEpoch);
    this.quietMs = options.quietMs ?? 0;
  }

  /**
   * Lets time pass, tick by tick, while the event loop runs as it should.
   *
   * @param ms virtual milliseconds; a stall adds to them
   * @throws RangeError when `ms` is no finite number from 0 on
   * @throws Error when time is passing already: an `await` is missing
   */
  async advance(ms: number): Promise<void> {
    checkDuration(ms);
    await this.exclusively(async () => {
      const end = this.at + ms;
      await untilQuiet(this.quietMs);
      while (this.nextDueAt <= end || this.waitingForPoll > 0) await this.step(this.nextDueAt <= end);
      this.at = Math.max(this.at, end);
    });
  }

  /**
   * Lets time pass until the next timer has run, with everything that follows from it: one tick of the module, where
   * nobody else has a timer on this clock.
   *
   * @returns the virtual milliseconds that have passed; 0 where there is no timer
   * @throws Error when time is passing already
   */
  async tick(): Promise<number> {
    const startedAt = this.at;
    await this.exclusively(async () => {
      await untilQuiet(this.quietMs);
      await this.step(this.nextDueAt < Infinity);
    });
    return this.at - startedAt;
  }

  /**
   * Lets time pass until a promise is settled, for what waits on this clock: `app.close()` with its drain, `service.drain()`.
   *
   * @param withinMs virtual milliseconds after which it gives up @default 3_600_000
   * @returns what the promise gives
   * @throws what the promise throws; Error when it takes too long, or when time is passing already
   */
  async advanceUntil<Value>(promise: PromiseLike<Value>, withinMs = LONGEST_WAIT_MS): Promise<Value> {
    const wait = { isOver: false };
    const settled = (): void => void (wait.isOver = true);
    promise.then(settled, settled);
    await this.exclusively(async () => {
      const deadline = this.at + withinMs;
      await untilQuiet(this.quietMs);
      while (!wait.isOver) {
        if (this.nextDueAt > deadline && this.nextDueAt < Infinity)
          throw new Error(`still unsettled after ${withinMs} ms of virtual time`);
        // Without a timer it waits for something real, such as the end of a socket.
        if (this.nextDueAt === Infinity && this.waitingForPoll === 0) await realSleep(1);
        else await this.step(this.nextDueAt < Infinity);
      }
    });
    return promise;
  }

  /**
   * Time passes and nothing runs: the event loop is blocked, or the process suspended. `afterTick` is the phase that
   * kills healthy clients of naive heartbeats: timers run before the sockets are polled, so they judge before they hear.
   *
   * @param ms virtual milliseconds
   * @param start `afterTick` waits for the next tick, that is for {@link advance} or {@link tick} @default 'now'
   * @throws RangeError when `ms` is no finite number from 0 on
   */
  stall(ms: number, start: StallStart = 'now'): void {
    checkDuration(ms);
    if (start === 'now') this.at += ms;
    else this.stallAfterTickMs += ms;
  }

  /** One turn of the loop in virtual time, and as many real ones as it takes. */
  private async step(hasTimer: boolean): Promise<void> {
    if (hasTimer) {
      this.at = Math.max(this.at, this.nextDueAt);
      this.runTimers();
      await nextTurn();
    }
    this.poll();
    this.stallNow();
    await untilQuiet(this.quietMs);
    while (this.waitingForPoll > 0) {
      this.poll();
      await untilQuiet(this.quietMs);
    }
  }

  private stallNow(): void {
    if (this.stallAfterTickMs === 0) return;
    this.at += this.stallAfterTickMs;
    this.stallAfterTickMs = 0;
    this.runTimers();
  }

  private async exclusively(run: () => Promise<void>): Promise<void> {
    if (this.isAdvancing) throw new Error('time is passing already: await the call before');
    this.isAdvancing = true;
    try {
      await run();
    } finally {
      this.isAdvancing = false;
    }
  }
}

function checkDuration(ms: number): void {
  if (!(Number.isFinite(ms) && ms >= 0)) throw new RangeError(`expected milliseconds from 0 on, got ${ms}`);
}
