/** Something that is done again and again, one at a time, and that nobody waits for. */
export class Errand {
  private running: Promise<void> | undefined;
  private dueAt = -Infinity;

  constructor(
    private readonly parts: {
      /** @returns milliseconds until it is due again, from its start on */
      readonly run: (now: number) => Promise<number>;
      /** Milliseconds after which it is tried again where it has failed. */
      readonly retryMs: number;
      readonly succeeded: () => void;
      readonly failed: (error: unknown) => void;
    },
  ) {}

  /** Does it where it is due, or urgent, and not under way. Never throws, and never waits. @param now monotonic milliseconds */
  tick(now: number, isUrgent = false): void {
    if (this.running !== undefined || (now < this.dueAt && !isUrgent)) return;
    this.running = this.attempt(now).finally(() => (this.running = undefined));
  }

  /** Resolves when nothing is under way. */
  async settled(): Promise<void> {
    await this.running;
  }

  private async attempt(now: number): Promise<void> {
    const { run, retryMs, succeeded, failed } = this.parts;
    try {
      this.dueAt = now + (await run(now));
      succeeded();
    } catch (error) {
      this.dueAt = now + retryMs;
      failed(error);
    }
  }
}
