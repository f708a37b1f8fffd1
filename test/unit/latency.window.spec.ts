import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';

import { LatencyWindow } from '../../lib/heartbeat/latency.window.js';

const SAMPLES = 2_048;

function windowOf(latencies: readonly number[]): LatencyWindow {
  const window = new LatencyWindow();
  for (const latency of latencies) window.add('ChatGateway', latency);
  return window;
}

describe('LatencyWindow', () => {
  it('knows nothing before the first answer', () => {
    expect(new LatencyWindow().percentiles()).toBeUndefined();
  });

  it('has percentiles that are samples, with the right share of samples on either side', () => {
    const latencies = fc.array(fc.double({ min: 0, max: 1e5, noNaN: true }), {
      minLength: 1,
      maxLength: 300,
    });
    fc.assert(
      fc.property(latencies, (samples) => {
        const { p50, p99 } = windowOf(samples).percentiles()!;
        for (const [percentile, share] of [
          [p50, 0.5],
          [p99, 0.99],
        ] as const) {
          expect(samples).toContain(percentile);
          expect(samples.filter((sample) => sample <= percentile).length).toBeGreaterThanOrEqual(
            share * samples.length,
          );
          expect(samples.filter((sample) => sample < percentile).length).toBeLessThanOrEqual(
            share * samples.length,
          );
        }
      }),
    );
  });

  it('sorts numbers as numbers', () => {
    expect(windowOf([9, 10, 100, 2, 30]).percentiles()).toEqual({ p50: 10, p99: 100 });
  });

  it('forgets all but the latest, in bounded memory', () => {
    const old = Array.from({ length: 10_000 }, () => 5_000);
    const recent = Array.from({ length: SAMPLES }, () => 7);
    expect(windowOf([...old, ...recent]).percentiles()).toEqual({ p50: 7, p99: 7 });
    expect(windowOf([...recent, ...old.slice(0, 1_500)]).percentiles()).toEqual({ p50: 5_000, p99: 5_000 });
  });
});
