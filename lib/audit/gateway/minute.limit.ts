const MINUTE_MS = 60_000;

/** So many within a minute, which begins with the first. */
export class MinuteLimit {
  private since = -Infinity;
  private count = 0;

  constructor(private readonly most: number) {}

  /** @param now monotonic milliseconds */
  isReached(now: number): boolean {
    if (now - this.since >= MINUTE_MS) this.count = 0;
    return this.count >= this.most;
  }

  /** One more. */
  note(now: number): void {
    if (now - this.since >= MINUTE_MS) {
      this.since = now;
      this.count = 0;
    }
    this.count++;
  }
}
