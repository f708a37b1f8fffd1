import type { Probe } from '../probe/probe.js';

const SECOND_MS = 1_000;
/** What has survived the limit by so much is not cut by it. */
const MARGIN = 1.25;

/** How long idle connections are watched: a while, or, once the silent one was cut, until the others have outlived it. */
export class IdleWatch {
  readonly over: Promise<void>;

  private readonly startedAt = performance.now();
  private isOver = false;
  private readonly progress: NodeJS.Timeout;
  private timer: NodeJS.Timeout | undefined;
  private finish!: () => void;

  constructor(
    private readonly parts: {
      readonly idleMs: number;
      readonly everyMs: number;
      /** Told every second how long it has been. */
      readonly passed: (ms: number) => void;
    },
  ) {
    this.over = new Promise((resolve) => {
      this.finish = () => {
        this.isOver = true;
        resolve();
      };
    });
    this.progress = setInterval(() => parts.passed(this.passedMs), SECOND_MS);
    this.finishAfter(parts.idleMs);
  }

  /** Ends early, or a little later, when this one is cut. */
  cutShortBy(probe: Probe): undefined {
    void probe.ended.then(() => this.cutShort());
  }

  end(): void {
    clearInterval(this.progress);
    clearTimeout(this.timer);
  }

  private get passedMs(): number {
    return performance.now() - this.startedAt;
  }

  private cutShort(): void {
    const { passedMs } = this;
    const untilMs = Math.max(passedMs * MARGIN, passedMs + 2 * this.parts.everyMs);
    if (!this.isOver) this.finishAfter(untilMs - passedMs);
  }

  private finishAfter(ms: number): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(this.finish, ms);
  }
}
