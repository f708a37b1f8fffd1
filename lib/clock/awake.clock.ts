import type { Clock } from './clock.js';

/** Whole milliseconds on an {@link AwakeClock}; only differences have a meaning. */
export type AwakeTime = number;

/** The awake time of what has never happened. */
export const NEVER: AwakeTime = -1;

interface Credit {
  /** From this awake time on… */
  readonly from: AwakeTime;
  /** …so many milliseconds have been left out since the clock was made. */
  readonly totalMs: number;
}

/** How far the system's date may wander before it is followed. */
const EPOCH_TOLERANCE_MS = 20;

/** How many stalls are remembered for {@link AwakeClock.toEpoch}; older ones merge. */
const REMEMBERED_CREDITS = 256;

/**
 * Time that passes only while this process could hear its peers (design rule R2).
 *
 * Somebody calls {@link observe} at every tick. Between two calls at most `maxStepMs` pass; whatever the event loop was
 * blocked or the process suspended for beyond that is credited, and so moves every deadline at once.
 */
export class AwakeClock {
  private observedAt: number;
  private awakeAtObservation = 0;
  private epochOffset = -Infinity;
  private credits: Credit[] = [{ from: 0, totalMs: 0 }];

  constructor(
    private readonly clock: Clock,
    /** The most that passes between two observations. */
    public maxStepMs: number,
  ) {
    this.observedAt = clock.monotonic();
  }

  /** The current awake time. */
  now(): AwakeTime {
    const elapsed = this.clock.monotonic() - this.observedAt;
    return Math.floor(this.awakeAtObservation + Math.min(elapsed, this.maxStepMs));
  }

  /**
   * Notes that the event loop is running now.
   *
   * @returns the milliseconds credited since the last call: 0 while all is well
   */
  observe(): number {
    const at = this.clock.monotonic();
    const elapsed = at - this.observedAt;
    const step = Math.min(elapsed, this.maxStepMs);
    this.observedAt = at;
    this.awakeAtObservation += step;
    const creditMs = elapsed - step;
    if (creditMs > 0) this.remember(creditMs);
    return creditMs;
  }

  /** All milliseconds credited since this clock was made. */
  get creditedMs(): number {
    return this.credits.at(-1)!.totalMs;
  }

  /** Milliseconds credited since an awake time, what is blocked but not observed yet included. */
  creditedSince(time: AwakeTime): number {
    const unobservedMs = this.clock.monotonic() - this.observedAt - this.maxStepMs;
    return this.creditedMs - this.creditedUntil(time) + Math.max(0, unobservedMs);
  }

  /** The awake time that was so many milliseconds ago by the wall, with which stalls passed as well. */
  before(agoMs: number): AwakeTime {
    const now = this.now();
    const wall = now + this.creditedUntil(now) + this.creditedSince(now) - agoMs;
    let end = Infinity;
    for (const { from, totalMs } of this.credits.toReversed()) {
      // What lies within a stall is the moment at which it began.
      if (wall - totalMs >= from) return Math.min(wall - totalMs, end);
      end = from;
    }
    return wall - this.credits[0]!.totalMs;
  }

  /** The moment an awake time stands for, in milliseconds since the Unix epoch. */
  toEpoch(time: AwakeTime): number {
    const monotonic = time + this.creditedUntil(time);
    const offset = this.clock.epoch() - (this.now() + this.creditedMs);
    // Kept while the system's date keeps its pace, so that one moment is told as one number.
    if (Math.abs(offset - this.epochOffset) > EPOCH_TOLERANCE_MS) this.epochOffset = offset;
    return Math.round(monotonic + this.epochOffset);
  }

  private creditedUntil(time: AwakeTime): number {
    const credit = this.credits.findLast(({ from }) => from <= time);
    return credit === undefined ? this.credits[0]!.totalMs : credit.totalMs;
  }

  private remember(creditMs: number): void {
    this.credits.push({ from: Math.floor(this.awakeAtObservation), totalMs: this.creditedMs + creditMs });
    // Of the older half every second one is enough to tell how long ago something was.
    if (this.credits.length > REMEMBERED_CREDITS) {
      this.credits = this.credits.filter(
        (_, index) => index === 0 || index > REMEMBERED_CREDITS / 2 || index % 2 === 0,
      );
    }
  }
}
