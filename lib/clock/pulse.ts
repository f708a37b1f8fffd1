import type { AwakeClock, AwakeTime } from './awake.clock.js';
import type { Clock } from './clock.js';

/** How many more poll phases are waited for when each was followed by a stall; without an end the dead would live on. */
const MAX_RETRIES = 3;

/** The one timer of the product. Everything that judges runs from here, after a poll phase (R2). */
export class Pulse {
  private stop: (() => void) | undefined;
  private isDue = false;

  constructor(
    private readonly parts: {
      readonly clock: Clock;
      readonly awake: AwakeClock;
      readonly tickMs: number;
      /** Called once a tick, when what waited in the kernel has been read. */
      readonly tick: (now: AwakeTime) => void;
      /** Told of time that was credited because the event loop did not run. */
      readonly credited: (creditMs: number) => void;
    },
  ) {}

  start(): void {
    // Nobody was heard of while the app was starting: that is no stall.
    this.parts.awake.observe();
    this.stop ??= this.parts.clock.every(this.parts.tickMs, () => this.turn());
  }

  end(): void {
    this.stop?.();
    this.stop = undefined;
  }

  /**
   * Calls `run` after a poll phase. Due timers run before sockets are polled, so whoever judges inside a timer has not
   * heard the answers that arrived while the loop was blocked; and a callback of that very poll phase may block again.
   */
  afterPoll(run: (now: AwakeTime) => void, retries = MAX_RETRIES): void {
    this.parts.clock.afterPoll(() => {
      if (this.observe() > 0 && retries > 0) this.afterPoll(run, retries - 1);
      else run(this.parts.awake.now());
    });
  }

  private turn(): void {
    this.observe();
    if (this.isDue) return;
    this.isDue = true;
    this.afterPoll((now) => {
      this.isDue = false;
      if (this.stop !== undefined) this.parts.tick(now);
    });
  }

  private observe(): number {
    const creditMs = this.parts.awake.observe();
    if (creditMs > 0) this.parts.credited(creditMs);
    return creditMs;
  }
}
