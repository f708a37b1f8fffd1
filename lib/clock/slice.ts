import type { Clock } from './clock.js';

/** Work on many connections makes way for others after so many milliseconds. */
const SLICE_MS = 2;

/** One stretch of work in one turn of the event loop: says how long it may go on. */
export class Slice {
  private endsAt = 0;
  private pieces = 0;

  constructor(
    private readonly clock: Clock,
    /** Pieces of work between two looks at the clock. */
    private readonly piecesPerLook = 16,
  ) {}

  begin(): void {
    this.endsAt = this.clock.monotonic() + SLICE_MS;
    this.pieces = 0;
  }

  /** Whether there is time for another piece of work. Looks at the clock only now and then. */
  readonly mayGoOn = (): boolean => {
    if (++this.pieces < this.piecesPerLook) return true;
    this.pieces = 0;
    return this.clock.monotonic() < this.endsAt;
  };
}
