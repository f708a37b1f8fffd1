import { boundedText } from '../connection/bounded.text.js';
import type { LifecycleBus } from './lifecycle.bus.js';

const MAX_ERROR = 500;

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
    this.bus().publish('user_code_failed', () => ({
      what,
      error: boundedText(error instanceof Error ? error.message : String(error), MAX_ERROR),
      stack: error instanceof Error ? error.stack : undefined,
    }));
    this.isReporting = false;
  }
}
