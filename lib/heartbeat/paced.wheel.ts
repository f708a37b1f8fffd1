import type { AwakeClock, AwakeTime } from '../clock/awake.clock.js';
import type { Clock } from '../clock/clock.js';
import { Slice } from '../clock/slice.js';
import { TimingWheel, type WheelEntry } from './timing.wheel.js';

/** A timing wheel that is worked on in slices: what one leaves over, a later turn of the event loop goes on with. */
export class PacedWheel<Entry extends WheelEntry<Entry>> {
  private readonly wheel: TimingWheel<Entry>;
  private readonly slice: Slice;
  private now: AwakeTime;
  private willGoOn = false;

  constructor(
    private readonly parts: {
      readonly clock: Clock;
      readonly awake: AwakeClock;
      /** Runs after the next poll phase (R2). */
      readonly afterPoll: (run: (now: AwakeTime) => void) => void;
      readonly due: (entry: Entry, now: AwakeTime) => void;
    },
  ) {
    this.now = parts.awake.now();
    this.wheel = new TimingWheel(this.now);
    this.slice = new Slice(parts.clock);
  }

  /** See {@link TimingWheel.schedule}. */
  schedule(entry: Entry, at: AwakeTime): void {
    this.wheel.schedule(entry, at);
  }

  /** See {@link TimingWheel.cancel}. */
  cancel(entry: Entry): void {
    this.wheel.cancel(entry);
  }

  /** Hands over what is due, as far as one slice goes, and the rest in later ones. */
  tick(now: AwakeTime): void {
    this.now = now;
    this.slice.begin();
    if (this.wheel.advance(now, this.due, this.slice.mayGoOn) || this.willGoOn) return;
    this.willGoOn = true;
    this.parts.afterPoll(this.goOn);
  }

  // Made once: no closure for each entry, nor for each slice.
  private readonly due = (entry: Entry): void => this.parts.due(entry, this.now);

  private readonly goOn = (now: AwakeTime): void => {
    this.willGoOn = false;
    this.tick(now);
  };
}
