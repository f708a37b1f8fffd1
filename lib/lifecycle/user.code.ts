import { boundedText } from '../connection/bounded.text.js';
import type { LifecycleBus } from './lifecycle.bus.js';

const MAX_ERROR = 500;
const MAX_FRAMES = 20;

/** Runs what the app gave us to run, so that it can break nothing (R11). */
export class UserCode {
  /** How often it has failed. */
  failures = 0;
  private isReporting = false;

  /** Promises of hooks that are under way. */
  private readonly pending = new Set<Promise<unknown>>();

  constructor(private readonly bus: LifecycleBus) {}

  /** @returns what `run` returned, or `undefined` when it threw */
  run<Result>(what: string, run: () => Result): Result | undefined {
    try {
      const result = run();
      if (isThenable(result)) {
        // Awaited once: queries of some libraries run anew each time.
        const promise = Promise.resolve(result);
        this.follow(what, promise);
        return promise as Result;
      }
      return result;
    } catch (error) {
      this.report(what, error);
      return undefined;
    }
  }

  /** Resolves when everything that is under way has ended, well or not. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.pending);
  }

  private follow(what: string, result: Promise<unknown>): void {
    this.pending.add(result);
    result
      .catch((error: unknown) => this.report(what, error))
      .finally(() => this.pending.delete(result))
      .catch(() => undefined);
  }

  /** Counts and publishes a failure. */
  report(what: string, error: unknown): void {
    this.failures++;
    // A listener that fails on the report of its own failure must not go round in circles.
    if (this.isReporting) return;
    this.isReporting = true;
    try {
      this.bus.publish('user_code_failed', () => ({
        what,
        error: messageOf(error),
        stack: framesOf(error),
      }));
    } finally {
      this.isReporting = false;
    }
  }
}

/** Whether something can be awaited: queries of database libraries often are no native promises. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function'
  );
}

/** Whatever was thrown, as a text: it may hold what a client chose, be no error at all, or throw when it is read. */
function messageOf(error: unknown): string {
  return (
    attempt(() => boundedText(String(error instanceof Error ? error.message : error), MAX_ERROR)) ??
    'unprintable'
  );
}

/** Where it was thrown, without the message that a stack begins with. */
function framesOf(error: unknown): string | undefined {
  const stack = attempt(() => (error instanceof Error ? String(error.stack) : undefined));
  const frames = stack?.split('\n').filter((line) => /^ {4}at /.test(line));
  return frames
    ?.slice(0, MAX_FRAMES)
    .map((line) => boundedText(line, MAX_ERROR))
    .join('\n');
}

function attempt<Result>(run: () => Result): Result | undefined {
  try {
    return run();
  } catch {
    return undefined;
  }
}
