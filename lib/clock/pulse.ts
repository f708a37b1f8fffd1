import type { AwakeClock, AwakeTime } from './awake.clock.js';
import type { Clock } from './clock.js';

/** How many more poll phases are waited for when each was followed by a stall; without an end the dead would live on. */
const MAX_RETRIES = 3;

const LAG_WINDOW_MS = 60_000;

/** The one timer of the product. Everything that judges runs from here, after a poll phase (R2). */
export class Pulse {
  private stop: (() => void) | undefined;
  private tickMs = Infinity;
  private lateness = { atWorstMs: 0, since: 0, beforeMs: 0 };
  private isDue = false;
  private expectedAt = 0;

  constructor(
    private readonly parts: {
      readonly clock: Clock;
      readonly awake: AwakeClock;
      /** Called once a tick, when what waited in the kernel has been read. */
      readonly tick: (now: AwakeTime) => void;
      /** Told of time that was credited because the event loop did not run. */
      readonly credited: (creditMs: number) => void;
    },
  ) {}

  /** Starts the timer; with a shorter tick, or again, restarts it. */
  start(tickMs = this.tickMs): void {
    this.tickMs = tickMs;
    // Nobody was heard of while the app was starting: that is no stall.
    if (this.stop === undefined) this.parts.awake.observe();
    else this.observe();
    this.stop?.();
    this.expectedAt = this.parts.clock.monotonic() + tickMs;
    this.stop = this.parts.clock.every(tickMs, () => this.turn());
  }

  get isRunning(): boolean {
    return this.stop !== undefined;
  }

  /** How late the event loop was at worst in the last minute or two, in milliseconds. */
  get lagMs(): number {
    return Math.round(Math.max(this.lateness.atWorstMs, this.lateness.beforeMs));
  }

  end(): void {
    this.stop?.();
    this.stop = undefined;
    this.isDue = false;
  }

  /**
   * Calls `run` after a poll phase. Due timers run before sockets are polled, so whoever judges inside a timer has not
   * heard the answers that arrived while the loop was blocked; and a callback of that very poll phase may block again.
   */
  afterPoll(run: (now: AwakeTime) => void, retries = MAX_RETRIES): void {
    this.parts.clock.afterPoll(() => {
      if (this.stop === undefined) return;
      if (this.observe() > 0 && retries > 0) this.afterPoll(run, retries - 1);
      else run(this.parts.awake.now());
    });
  }

  private turn(): void {
    this.noteLateness();
    this.observe();
    if (this.isDue) return;
    this.isDue = true;
    this.afterPoll((now) => {
      this.isDue = false;
      this.parts.tick(now);
    });
  }

  private noteLateness(): void {
    const now = this.parts.clock.monotonic();
    const { lateness } = this;
    if (now - lateness.since > LAG_WINDOW_MS)
      this.lateness = { atWorstMs: 0, since: now, beforeMs: lateness.atWorstMs };
    this.lateness.atWorstMs = Math.max(this.lateness.atWorstMs, now - this.expectedAt);
    this.expectedAt = now + this.tickMs;
  }

  /** Looks whether time has passed in which nobody could be heard. @returns how much was credited for it */
  observe(): number {
    const creditMs = this.parts.awake.observe();
    if (creditMs > 0) this.parts.credited(creditMs);
    return creditMs;
  }
}
