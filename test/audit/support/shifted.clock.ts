import { SystemClock } from '../../../lib/clock/clock.js';

/** The system's, and some time later. */
export class ShiftedClock extends SystemClock {
  shiftMs = 0;

  override monotonic(): number {
    return super.monotonic() + this.shiftMs;
  }
}
