import { boundedText } from '../connection/bounded.text.js';
import type { LifecycleBus } from './lifecycle.bus.js';

const MAX_ERROR = 500;
const MAX_FRAMES = 20;

/** Runs what the app gave us to run, so that it can break nothing (R11). */
export class UserCode {
  /** How often it has failed. */
  failures = 0;
  private isReporting = false;

  constructor(private readonly bus: () => LifecycleBus) {}

  /** @returns what `run` returned, or `undefined` when it threw */
  run<Result>(what: string, run: () => Result): Result | undefined {
    try {
      const result = run();
      if (result instanceof Promise) result.catch((error: unknown) => this.report(what, error));
      return result;
    } catch (error) {
      this.report(what, error);
      return undefined;
    }
  }

  /** Counts and publishes a failure. */
  report(what: string, error: unknown): void {
    this.failures++;
    // A listener that fails on the report of its own failure must not go round in circles.
    if (this.isReporting) return;
    this.isReporting = true;
    try {
      this.bus().publish('user_code_failed', () => ({
        what,
        error: messageOf(error),
        stack: framesOf(error),
      }));
    } finally {
      this.isReporting = false;
    }
  }
}

/** Whatever was thrown, as a text: it may hold what a client chose, or be no error at all. */
function messageOf(error: unknown): string {
  try {
    return boundedText(String(error instanceof Error ? error.message : error), MAX_ERROR);
  } catch {
    return 'something that cannot be printed';
  }
}

/** Where it was thrown, without the message that a stack begins with. */
function framesOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || typeof error.stack !== 'string') return undefined;
  const frames = error.stack.split('\n').filter((line) => /^ {4}at /.test(line));
  return frames
    .slice(0, MAX_FRAMES)
    .map((line) => boundedText(line, MAX_ERROR))
    .join('\n');
}
