import type { AwakeTime } from '../clock/awake.clock.js';

// Multiples of the golden ratio, modulo 1, leave no large gap between any number of them (Knuth, TAOCP 3, 6.4).
const GOLDEN_RATIO = 0.618_033_988_749_894_9;

/** Gives each connection its own place in the interval, so that no wave of pings exists whoever connects when. */
export class PhaseSpreader {
  private fraction = 0;

  /** The first beat of the next connection: within one interval from `now`, on a phase of its own. */
  firstBeat(now: AwakeTime, intervalMs: number): AwakeTime {
    this.fraction = (this.fraction + GOLDEN_RATIO) % 1;
    const phase = this.fraction * intervalMs;
    return phase + intervalMs * (Math.floor((now - phase) / intervalMs) + 1);
  }

  /** A time for what must be done for that connection within a shorter time from `now`, on a phase of its own too. */
  timeWithin(now: AwakeTime, withinMs: number): AwakeTime {
    return now + this.fraction * withinMs;
  }
}
