import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';

import type { EngineSocket } from '../../lib/transport/engine-io.internals.js';
import { EnginePatience, patienceOf } from '../../lib/transport/engine.patience.js';

const DEFAULTS = { pingInterval: 25_000, pingTimeout: 20_000 };
const socketOf = (opts: typeof DEFAULTS): EngineSocket => ({ server: { opts } }) as unknown as EngineSocket;

describe("a client's patience", () => {
  it.each([
    ['just asked', 0, 25_000],
    ['asked a while ago', 15_000, 20_000],
    ['about to be asked again', 25_000, 10_000],
    ['asked too long ago', 40_000, 0],
  ])('%s', (_when, askedAgoMs, expected) => {
    expect(patienceOf(DEFAULTS, askedAgoMs)).toBe(expected);
  });

  it('leaves half of pingTimeout for the way of the question, and is never more than one interval', () => {
    const ms = fc.integer({ min: 1, max: 100_000 });
    fc.assert(
      fc.property(ms, ms, ms, (pingInterval, pingTimeout, part) => {
        const askedAgoMs = part % (pingInterval + 1);
        const leftMs = patienceOf({ pingInterval, pingTimeout }, askedAgoMs);
        expect(leftMs).toBeGreaterThan(0);
        expect(leftMs).toBeLessThanOrEqual(pingInterval);
        expect(askedAgoMs + leftMs).toBeLessThanOrEqual(pingInterval + pingTimeout / 2);
      }),
    );
  });

  it('is that of a client just asked for one that is new, and the worst case for one that was there', () => {
    const newcomer = new EnginePatience(socketOf(DEFAULTS), true);
    const wasThere = new EnginePatience(socketOf(DEFAULTS), false);
    expect([newcomer.isUnknown, wasThere.isUnknown]).toEqual([false, true]);
    expect(newcomer.leftMs).toBe(25_000);
    expect(wasThere.leftMs).toBe(10_000);
    wasThere.asked();
    expect(wasThere.isUnknown).toBe(false);
    expect(wasThere.leftMs).toBe(25_000);
  });

  it('is used up by many at many times', () => {
    const times = Array.from({ length: 1_000 }, () =>
      new EnginePatience(socketOf(DEFAULTS), false).somewhen(),
    );
    const perFifth = Array.from({ length: 5 }, () => 0);
    for (const time of times) perFifth[Math.floor(time / 2_000)]!++;
    // 200 each, give or take eight times the standard deviation.
    expect(Math.min(...perFifth)).toBeGreaterThan(100);
    expect(Math.max(...perFifth)).toBeLessThan(300);
  });
});
