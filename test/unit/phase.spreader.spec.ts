import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';

import { PhaseSpreader } from '../../lib/heartbeat/phase.spreader.js';

const INTERVAL = 30_000;

/** Places in the interval of connections that arrive at these times. */
function phasesOf(arrivals: readonly number[], intervalMs = INTERVAL): number[] {
  const spreader = new PhaseSpreader();
  return arrivals.map((at) => spreader.firstBeat(at, intervalMs) % intervalMs);
}

function perTenth(phases: readonly number[]): number[] {
  const counts = Array.from({ length: 10 }, () => 0);
  for (const phase of phases) counts[Math.min(9, Math.floor((phase / INTERVAL) * 10))]!++;
  return counts;
}

const arrivalPatterns = (count: number): [string, number[]][] => [
  ['all at once', Array.from({ length: count }, () => 12_345)],
  ['one a millisecond', Array.from({ length: count }, (_, nth) => nth)],
  ['one an interval', Array.from({ length: count }, (_, nth) => nth * INTERVAL)],
  ['in the rhythm of the golden ratio', Array.from({ length: count }, (_, nth) => nth * INTERVAL * 0.618)],
  ['in ten waves', Array.from({ length: count }, (_, nth) => Math.floor((nth * 10) / count) * 7_000)],
];

describe('PhaseSpreader', () => {
  for (const count of [20, 100, 1_000, 10_000]) {
    it.each(arrivalPatterns(count))(
      `spreads ${count} connections evenly that arrive %s`,
      (_pattern, arrivals) => {
        const counts = perTenth(phasesOf(arrivals));
        // Each tenth gets a tenth, give or take two: three-distance theorem.
        expect(Math.min(...counts)).toBeGreaterThanOrEqual(count / 10 - 2);
        expect(Math.max(...counts)).toBeLessThanOrEqual(count / 10 + 2);
      },
    );
  }

  it.each([2, 3, 10, 144, 1_000])(
    'leaves no gap of more than three even shares between %d beats',
    (count) => {
      const phases = phasesOf(Array.from({ length: count }, () => 0)).sort((one, other) => one - other);
      const gaps = phases.map((phase, nth) => (phases[nth + 1] ?? phases[0]! + INTERVAL) - phase);
      expect(Math.max(...gaps)).toBeLessThan((3 * INTERVAL) / count);
    },
  );

  it('beats first after now and within one interval, whatever the time and the interval', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat({ max: 1e9 }), fc.integer({ min: 1, max: 1e6 })), {
          minLength: 1,
          maxLength: 30,
        }),
        (arrivals) => {
          const spreader = new PhaseSpreader();
          for (const [now, intervalMs] of arrivals) {
            const beat = spreader.firstBeat(now, intervalMs);
            expect(beat).toBeGreaterThan(now);
            expect(beat).toBeLessThanOrEqual(now + intervalMs);
          }
        },
      ),
    );
  });
});
