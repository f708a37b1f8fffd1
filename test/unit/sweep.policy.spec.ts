import { describe, expect, it } from '@jest/globals';

import { sweepRuns, worstOf } from '../../lib/terminus/sweep.policy.js';
import type { SweepSchedule, SweepVitals } from '../../lib/terminus/vitals.source.js';

const EVERY_MINUTE = { intervalMs: 60_000, closeTimeoutMs: 5_000 };
const BOUND_MS = 2 * 60_000 + 5_000;

function vitals(schedules: readonly SweepSchedule[], isRunning = true): SweepVitals {
  return { isRunning, lastSweepMsAgo: undefined, schedules };
}

describe('the sweep', () => {
  it('may be late by two intervals and the time of a close, and no more', () => {
    expect(sweepRuns(vitals([{ ...EVERY_MINUTE, overdueMs: 0 }]))).toBe(true);
    expect(sweepRuns(vitals([{ ...EVERY_MINUTE, overdueMs: BOUND_MS }]))).toBe(true);
    expect(sweepRuns(vitals([{ ...EVERY_MINUTE, overdueMs: BOUND_MS + 1 }]))).toBe(false);
  });

  it('is missed by nobody where no server asks for one, or the app is not up or closing', () => {
    expect(sweepRuns(vitals([]))).toBe(true);
    expect(worstOf(vitals([]))).toBeUndefined();
    expect(sweepRuns(vitals([{ ...EVERY_MINUTE, overdueMs: 1e9 }], false))).toBe(true);
  });

  it('is measured by its own interval, where servers differ', () => {
    const hourly = { intervalMs: 3_600_000, closeTimeoutMs: 5_000, overdueMs: 600_000 };
    const often = { intervalMs: 1_000, closeTimeoutMs: 1_000, overdueMs: 4_000 };
    expect(sweepRuns(vitals([hourly]))).toBe(true);
    expect(sweepRuns(vitals([hourly, often]))).toBe(false);
    expect(worstOf(vitals([hourly, often]))).toBe(often);
    expect(worstOf(vitals([often, hourly]))).toBe(often);
  });
});
