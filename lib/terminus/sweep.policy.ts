import type { SweepSchedule, SweepVitals } from './vitals.source.js';

/** So many further intervals may pass before a sweep that is due counts as one that does not come. */
const PATIENCE_INTERVALS = 2;

/** The schedule that is furthest behind, measured by what is allowed; `undefined` where no server asks for a sweep. */
export function worstOf({ schedules }: SweepVitals): SweepSchedule | undefined {
  return schedules.toSorted((one, other) => lag(other) - lag(one))[0];
}

/**
 * Whether the sweep does what it should. Pure.
 *
 * Nothing is asked of an app that is not up yet or is closing, nor where no server wants a sweep. The bound is generous:
 * the answer may end a process, with all the healthy connections it has.
 */
export function sweepRuns(vitals: SweepVitals): boolean {
  const worst = worstOf(vitals);
  return !vitals.isRunning || worst === undefined || lag(worst) <= 1;
}

/** Above 1 it is too late. */
function lag({ overdueMs, intervalMs, closeTimeoutMs }: SweepSchedule): number {
  return overdueMs / (PATIENCE_INTERVALS * intervalMs + closeTimeoutMs);
}
