/** Something that the server answered and that is no success. */
export class RefusedError extends Error {
  constructor(readonly status: number) {
    super(`the server answered ${status}`);
  }
}

/** Reads JSON from a path relative to the page. @throws RefusedError, or what fetch throws */
export async function readJson<Data>(path: string): Promise<Data> {
  const response = await fetch(path, {
    cache: 'no-store',
    headers: { accept: 'application/json' },
    signal: AbortSignal.timeout(10_000),
  });
  if (!response.ok) throw new RefusedError(response.status);
  return (await response.json()) as Data;
}

const LONGEST_MS = 10_000;

/** Asks again and again, one question at a time, less often while it fails, and not at all while nobody wants it. */
export class Poller<Answer> {
  private timer: ReturnType<typeof setTimeout> | undefined;
  private isAsking = false;
  private failures = 0;

  constructor(
    private readonly parts: {
      readonly everyMs: number;
      readonly ask: () => Promise<Answer>;
      /** Whether anybody is looking. */
      readonly isWanted: () => boolean;
      readonly answered: (answer: Answer) => void;
      readonly failed: (error: unknown) => void;
    },
  ) {}

  /** Looks whether it is wanted: asks at once if it is, and stops if it is not. */
  wake(): void {
    clearTimeout(this.timer);
    if (this.isAsking || !this.parts.isWanted()) return;
    void this.turn();
  }

  private async turn(): Promise<void> {
    const { ask, answered, failed } = this.parts;
    this.isAsking = true;
    try {
      const answer = await ask();
      this.failures = 0;
      answered(answer);
    } catch (error) {
      this.failures++;
      failed(error);
    }
    this.isAsking = false;
    // From the answer on: a server that is slow is asked less often.
    if (this.parts.isWanted()) this.timer = setTimeout(() => this.wake(), this.pauseMs());
  }

  private pauseMs(): number {
    const { everyMs } = this.parts;
    return this.failures === 0 ? everyMs : Math.min(everyMs * 2 ** (this.failures - 1), LONGEST_MS);
  }
}
