import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';

import { AwakeClock } from '../../lib/clock/awake.clock.js';
import { FakeClock } from '../support/fake.clock.js';

const MAX_STEP = 500;
const START = 1_700_000_000_000;

function setUp(): { clock: FakeClock; awake: AwakeClock } {
  const clock = new FakeClock(START);
  return { clock, awake: new AwakeClock(clock, MAX_STEP) };
}

describe('AwakeClock', () => {
  it('passes like any clock while it is observed often enough', () => {
    const { clock, awake } = setUp();
    const credits: number[] = [];
    for (let tick = 0; tick < 100; tick++) {
      clock.stall(250);
      credits.push(awake.observe());
    }
    expect(awake.now()).toBe(25_000);
    expect(credits.every((credit) => credit === 0)).toBe(true);
    expect(awake.creditedMs).toBe(0);
  });

  it('credits what a stall took beyond the longest step, and no more', () => {
    const { clock, awake } = setUp();
    clock.stall(10_000);
    expect(awake.observe()).toBe(9_500);
    expect(awake.now()).toBe(500);
    expect(awake.creditedMs).toBe(9_500);
    expect(awake.observe()).toBe(0);
  });

  it('does not run ahead during a stall that nobody has observed yet', () => {
    const { clock, awake } = setUp();
    clock.stall(100);
    expect(awake.now()).toBe(100);
    clock.stall(10_000);
    expect(awake.now()).toBe(500);
  });

  it('tells the moment of what happened before, between and after stalls', () => {
    const { clock, awake } = setUp();
    const moments: { time: number; epoch: number }[] = [];
    const note = (): void => void moments.push({ time: awake.now(), epoch: clock.epoch() });
    for (let round = 0; round < 5; round++) {
      clock.stall(100);
      awake.observe();
      note();
      clock.stall(100);
      note();
      clock.stall(7_000 * round);
      awake.observe();
      clock.stall(50);
      note();
    }
    expect(awake.creditedMs).toBeGreaterThan(60_000);
    expect(moments.map(({ time }) => awake.toEpoch(time))).toEqual(moments.map(({ epoch }) => epoch));
  });

  it('is off by no more than one step for any moment, whatever happens', () => {
    const passing = fc.array(
      fc.tuple(fc.oneof(fc.nat({ max: MAX_STEP }), fc.nat({ max: 60_000 })), fc.boolean()),
      {
        maxLength: 200,
      },
    );
    fc.assert(
      fc.property(passing, (steps) => {
        const { clock, awake } = setUp();
        const moments: { time: number; epoch: number }[] = [];
        let last = 0;
        for (const [ms, isObserved] of steps) {
          clock.stall(ms);
          if (isObserved) awake.observe();
          const time = awake.now();
          expect(time).toBeGreaterThanOrEqual(last);
          last = time;
          if (isObserved) moments.push({ time, epoch: clock.epoch() });
        }
        awake.observe();
        for (const { time, epoch } of moments) {
          expect(Math.abs(awake.toEpoch(time) - epoch)).toBeLessThanOrEqual(MAX_STEP);
        }
        expect(awake.toEpoch(awake.now())).toBe(clock.epoch());
        // And back: what was so long ago was at that awake time, or at the beginning of the stall it lies in.
        for (const { time, epoch } of moments) {
          const before = awake.before(clock.epoch() - epoch);
          expect(Math.abs(before - time)).toBeLessThanOrEqual(MAX_STEP + 1);
        }
      }),
    );
  });

  it('knows the awake time of so long ago: a stall is part of it, and within one it is its beginning', () => {
    const { clock, awake } = setUp();
    clock.stall(400);
    awake.observe();
    clock.stall(10_000);
    awake.observe();
    clock.stall(300);
    expect(awake.now()).toBe(1_200);
    expect([0, 300, 5_000, 9_799, 9_801, 10_300, 10_700].map((ms) => awake.before(ms))).toEqual([
      1_200, 900, 900, 900, 899, 400, 0,
    ]);
    // A stall that nobody has observed yet counts as well.
    clock.stall(60_000);
    expect(awake.before(60_000 + 300)).toBe(900);
  });

  it('follows the system’s date for people, and not for deadlines', () => {
    const { clock, awake } = setUp();
    clock.stall(400);
    awake.observe();
    clock.startEpoch -= 3_600_000;
    expect(awake.now()).toBe(400);
    expect(awake.toEpoch(400)).toBe(clock.epoch());
  });

  it('remembers a bounded number of stalls, and keeps the latest exact', () => {
    const { clock, awake } = setUp();
    for (let stall = 0; stall < 10_000; stall++) {
      clock.stall(1_000);
      awake.observe();
    }
    const time = awake.now();
    const epoch = clock.epoch();
    clock.stall(2_000);
    awake.observe();
    expect(awake.toEpoch(time)).toBeGreaterThanOrEqual(epoch);
    expect(awake.toEpoch(time)).toBeLessThanOrEqual(epoch + MAX_STEP);
    expect((awake as unknown as { credits: unknown[] }).credits.length).toBeLessThanOrEqual(256);
  });
});
