import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';

import type { AgedSample, HistorySample } from '../../lib/connection/connection.history.js';
import { growthFinding } from '../../lib/signals/growth.finding.js';

const MINUTE = 60_000;
const STEP = 10_000;
const HOUR = 60 * MINUTE;
const SETTINGS = { growthPerHour: 100, staleRatio: 0.5, ghostsPerHour: 60, minSample: 50 };
const NOBODY = { silent: 0, proxy_answered: 0, unknown: 0 };

interface Crowd {
  active: number;
  identities?: number;
}

/** A sample every ten seconds over `spanMs`; `at` runs from 0, the oldest, to 1, the newest. */
function record(crowdAt: (at: number) => Crowd, spanMs = HOUR): AgedSample[] {
  return Array.from({ length: spanMs / STEP + 1 }, (_, index) => {
    const at = (index * STEP) / spanMs;
    const { active, identities = 0 } = crowdAt(at);
    const sample: HistorySample = {
      at: 0,
      active: Math.round(active),
      closing: 0,
      identities: Math.round(identities),
      opened: 0,
      closed: {} as HistorySample['closed'],
      ghosts: NOBODY,
      spared: NOBODY,
    };
    return { ageMs: spanMs - index * STEP, sample };
  });
}

function find(samples: AgedSample[], { identifiedShare = 1, stands = false, settings = SETTINGS } = {}) {
  return growthFinding({ samples, identifiedShare }, settings, stands);
}

function growing(growth: number): AgedSample[] {
  return record((at) => ({ active: 1000 + growth * at, identities: 1000 }));
}

describe('the finding growth', () => {
  it.each([
    [101, true],
    [100, false],
    [0, false],
    [-500, false],
  ])('at %d more connections in an hour and no more identities stands: %s', (growth, stands) => {
    const found = find(record((at) => ({ active: 1000 + growth * at, identities: 1000 })));
    expect(found !== undefined).toBe(stands);
  });

  it('says from what to what, over how long, how many are unexplained, and what to do', () => {
    const found = find(record((at) => ({ active: 1000 + 551 * at, identities: 1000 + 20 * at })));
    expect(found).toMatchObject({ signal: 'growth', severity: 'warning' });
    expect(found!.message).toBe(
      '551 connections more than 60 minutes ago (1000 → 1551), while their identities went from 1000 to 1020, which leaves 531 unexplained, limit 100 an hour: connections are opened and do not go',
    );
    expect(found!.next_step).toMatch(/Quantify.*largest gap.*POST …\/sweep.*Do not restart/);
  });

  it('is only information where most connections do not say whose they are', () => {
    const found = find(
      record((at) => ({ active: 1000 + 551 * at })),
      { identifiedShare: 0 },
    );
    expect(found).toMatchObject({ severity: 'info' });
    expect(found!.message).toContain('551 connections more than 60 minutes ago (1000 → 1551), limit 100');
    expect(found!.next_step).toContain('identify');
  });

  const QUIET: Record<string, AgedSample[]> = {
    'a busy morning, people and connections alike': record((at) => ({
      active: 1000 + 5000 * at,
      identities: 1000 + 5000 * at,
    })),
    'people with three tabs each': record((at) => ({
      active: 3000 + 3000 * at,
      identities: 1000 + 1000 * at,
    })),
    'a crowd that shrinks while its identities shrink more': record((at) => ({
      active: 2000 - 100 * at,
      identities: 2000 - 1000 * at,
    })),
    'a dip an hour ago, from which the crowd has come back': record((at) => ({
      active: at < 0.1 ? 200 : 1000,
      identities: 1000,
    })),
    'a reconnect wave just now, whose old connections are not found dead yet': record((at) => ({
      active: at > 0.95 ? 2000 : 1000,
      identities: 1000,
    })),
    'a record of 20 minutes': record((at) => ({ active: 1000 + 500 * at, identities: 1000 }), 20 * MINUTE),
    'no record at all': [],
    'a crowd below the smallest sample': record((at) => ({ active: 49 * at, identities: 1 })),
    'a stall of half an hour, after which everybody is back before the old connections are found dead':
      record((at) => ({ active: at > 0.995 ? 2000 : 1000, identities: 1000 })).filter(
        ({ ageMs }) => ageMs > 30 * MINUTE || ageMs < 20_000,
      ),
  };
  it.each(Object.entries(QUIET))('does not cry wolf at %s', (_what, samples) => {
    const settings = {
      ...SETTINGS,
      growthPerHour: samples.length > 0 && samples[0]!.sample.active < 40 ? 10 : 100,
    };
    expect(find(samples, { settings })).toBeUndefined();
  });

  it('is seen in half an hour already where it is that fast', () => {
    const found = find(record((at) => ({ active: 1000 + 150 * at, identities: 1000 }), 30 * MINUTE));
    expect(found!.message).toContain('150 connections more than 30 minutes ago');
  });

  it('stands until growth is below half of the limit', () => {
    expect(find(growing(60), { stands: true })).toBeDefined();
    expect(find(growing(60), { stands: false })).toBeUndefined();
    expect(find(growing(50), { stands: true })).toBeUndefined();
  });

  it('does not flap while growth wanders between half of the limit and more', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 60, max: 200 }), { minLength: 1, maxLength: 30 }), (growths) => {
        let [stands, changes] = [false, 0];
        for (const growth of growths) {
          const found = find(
            record((at) => ({ active: 1000 + growth * at, identities: 1000 })),
            { stands },
          );
          if ((found !== undefined) !== stands) changes++;
          stands = found !== undefined;
        }
        expect(changes).toBeLessThanOrEqual(1);
      }),
      { numRuns: 30 },
    );
  });
});
