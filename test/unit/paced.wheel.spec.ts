import { describe, expect, it } from '@jest/globals';

import { AwakeClock } from '../../lib/clock/awake.clock.js';
import { Pulse } from '../../lib/clock/pulse.js';
import { PacedWheel } from '../../lib/heartbeat/paced.wheel.js';
import type { WheelEntry } from '../../lib/heartbeat/timing.wheel.js';
import { FakeClock } from '../support/fake.clock.js';

class Entry implements WheelEntry<Entry> {
  dueTick = -1;
  previousDue: Entry | undefined = undefined;
  nextDue: Entry | undefined = undefined;
}

const TICK_MS = 100;

/** Entries that are all due at once, each of which takes its time. */
function setUp(count: number, workMs: number) {
  const clock = new FakeClock();
  const awake = new AwakeClock(clock, 2 * TICK_MS);
  const slices: number[] = [];
  const pulse: Pulse = new Pulse({
    clock,
    awake,
    tick: (now) => {
      slices.push(0);
      wheel.tick(now);
    },
    credited: () => undefined,
  });
  const wheel: PacedWheel<Entry> = new PacedWheel<Entry>({
    clock,
    awake,
    afterPoll: (run) =>
      pulse.afterPoll((now) => {
        slices.push(0);
        run(now);
      }),
    due: () => {
      slices[slices.length - 1]!++;
      clock.stall(workMs);
    },
  });
  for (let number = 0; number < count; number++) wheel.schedule(new Entry(), 10);
  pulse.start(TICK_MS);
  const handedOver = (): number => slices.reduce((one, other) => one + other, 0);
  return { clock, pulse, wheel, slices, handedOver };
}

describe('PacedWheel', () => {
  it('makes way for others after some 2 ms of work, and goes on after the next poll phase', () => {
    const { clock, slices, handedOver } = setUp(100, 0.1);
    clock.advance(TICK_MS);
    expect(Math.max(...slices)).toBeLessThanOrEqual(20 + 16);
    expect(slices).toHaveLength(1);
    for (let turn = 0; turn < 10; turn++) clock.poll();
    expect(handedOver()).toBe(100);
    expect(slices.length).toBeGreaterThan(2);
  });

  it('does everything in one turn where time stands still', () => {
    const { clock, slices } = setUp(10_000, 0);
    clock.advance(TICK_MS);
    expect(slices).toEqual([10_000]);
  });

  it('goes on once, however often it ticks before it can', () => {
    const { clock, wheel, slices } = setUp(1_000, 0.1);
    clock.advance(TICK_MS);
    wheel.tick(clock.monotonic());
    wheel.tick(clock.monotonic());
    expect(clock.waitingForPoll).toBe(1);
    expect(slices).toHaveLength(1);
  });

  it('goes on with nothing once the pulse has ended', () => {
    const { clock, pulse, handedOver } = setUp(1_000, 0.1);
    clock.advance(TICK_MS);
    const before = handedOver();
    pulse.end();
    for (let turn = 0; turn < 10; turn++) clock.poll();
    expect(handedOver()).toBe(before);
    expect(clock.waitingForPoll).toBe(0);
  });
});
