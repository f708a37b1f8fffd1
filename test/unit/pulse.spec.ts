import { describe, expect, it } from '@jest/globals';

import { AwakeClock } from '../../lib/clock/awake.clock.js';
import { Pulse } from '../../lib/clock/pulse.js';
import { FakeClock } from '../support/fake.clock.js';

const TICK = 100;

function setUp() {
  const clock = new FakeClock();
  const awake = new AwakeClock(clock, 2 * TICK);
  const ticks: number[] = [];
  const credits: number[] = [];
  const pulse = new Pulse({
    clock,
    awake,
    tick: (now) => ticks.push(now),
    credited: (creditMs) => credits.push(creditMs),
  });
  return { clock, awake, ticks, credits, pulse };
}

describe('Pulse', () => {
  it('ticks once an interval with one timer', () => {
    const { clock, ticks, credits, pulse } = setUp();
    pulse.start(TICK);
    pulse.start(TICK);
    expect(clock.timerCount).toBe(1);
    clock.advance(500);
    expect(ticks).toEqual([100, 200, 300, 400, 500]);
    expect(credits).toEqual([]);
  });

  it('judges only after a poll phase, never in the timer itself (R2)', () => {
    const { clock, ticks, pulse } = setUp();
    pulse.start(TICK);
    clock.stall(TICK);
    clock.runTimers();
    expect(ticks).toEqual([]);
    clock.poll();
    expect(ticks).toEqual([100]);
  });

  it('credits a stall before it judges, so that the stall moves every deadline', () => {
    const { clock, ticks, credits, pulse } = setUp();
    pulse.start(TICK);
    clock.stall(10_000);
    clock.runTimers();
    expect(credits).toEqual([9_800]);
    clock.poll();
    expect(ticks).toEqual([200]);
  });

  it('waits for another poll phase when the loop stalled between the timer and the poll', () => {
    const { clock, ticks, credits, pulse } = setUp();
    pulse.start(TICK);
    clock.stall(TICK);
    clock.runTimers();
    clock.stall(5_000);
    clock.poll();
    expect(credits).toEqual([4_800]);
    expect(ticks).toEqual([]);
    clock.poll();
    expect(ticks).toEqual([300]);
  });

  it('waits no longer than three more poll phases, or the dead would live on in a loop that always stalls', () => {
    const { clock, ticks, credits, pulse } = setUp();
    pulse.start(TICK);
    clock.stall(TICK);
    clock.runTimers();
    const ticksAfter = [1, 2, 3, 4].map(() => {
      clock.stall(5_000);
      clock.poll();
      return ticks.length;
    });
    expect(ticksAfter).toEqual([0, 0, 0, 1]);
    expect(credits).toHaveLength(4);
    expect(clock.waitingForPoll).toBe(0);
  });

  it('does not queue up ticks while one is still waiting for its poll phase', () => {
    const { clock, ticks, pulse } = setUp();
    pulse.start(TICK);
    for (let turn = 0; turn < 5; turn++) {
      clock.stall(TICK);
      clock.runTimers();
    }
    expect(clock.waitingForPoll).toBe(1);
    clock.poll();
    expect(ticks).toEqual([500]);
    clock.advance(TICK);
    expect(ticks).toEqual([500, 600]);
  });

  it('ticks on after a tick that threw', () => {
    const clock = new FakeClock();
    let calls = 0;
    const pulse = new Pulse({
      clock,
      awake: new AwakeClock(clock, 2 * TICK),
      tick: () => {
        if (++calls === 1) throw new Error('tick');
      },
      credited: () => undefined,
    });
    pulse.start(TICK);
    expect(() => clock.advance(TICK)).toThrow('tick');
    clock.advance(3 * TICK);
    expect(calls).toBe(4);
  });

  it('is silent after its end, also where a poll phase was still to come, and leaves no timer', () => {
    const { clock, ticks, pulse } = setUp();
    pulse.start(TICK);
    clock.stall(TICK);
    clock.runTimers();
    pulse.end();
    clock.poll();
    clock.advance(1_000);
    expect(ticks).toEqual([]);
    expect(clock.timerCount).toBe(0);
    expect(() => pulse.end()).not.toThrow();
  });

  it('serves others who must wait for a poll phase, with the same guard against stalls', () => {
    const { clock, awake, pulse } = setUp();
    const runs: number[] = [];
    pulse.start(TICK);
    pulse.afterPoll((now) => runs.push(now));
    clock.stall(50);
    clock.poll();
    expect(runs).toEqual([50]);
    pulse.afterPoll((now) => runs.push(now));
    clock.stall(9_000);
    clock.poll();
    expect(runs).toEqual([50]);
    clock.poll();
    expect(runs).toEqual([50, 250]);
    expect(awake.creditedMs).toBe(8_800);
  });

  it('keeps judgements that still wait for a poll phase from being carried out after its end', () => {
    const { clock, pulse } = setUp();
    const runs: number[] = [];
    pulse.start(TICK);
    pulse.afterPoll((now) => runs.push(now));
    pulse.end();
    clock.poll();
    expect(runs).toEqual([]);
  });

  it('goes on with one timer when it is started again with a shorter tick', () => {
    const { clock, ticks, pulse } = setUp();
    pulse.start(TICK);
    clock.advance(TICK);
    pulse.start(TICK / 2);
    expect(clock.timerCount).toBe(1);
    clock.advance(TICK);
    expect(ticks).toEqual([100, 150, 200]);
  });

  it('takes the time that the app needed to start for no stall', () => {
    const { clock, credits, ticks, pulse } = setUp();
    clock.stall(60_000);
    pulse.start(TICK);
    clock.advance(TICK);
    expect(credits).toEqual([]);
    expect(ticks).toEqual([300]);
  });

  it('reports a stall right before it was started again', () => {
    const { clock, credits, pulse } = setUp();
    pulse.start(TICK);
    clock.stall(5_000);
    pulse.start(TICK / 2);
    expect(credits).toEqual([4_800]);
  });

  it('knows how late the event loop was at worst in the last minute, and forgets it after two', () => {
    const { clock, pulse } = setUp();
    pulse.start(TICK);
    clock.advance(1_000);
    expect(pulse.lagMs).toBe(0);
    clock.stall(TICK + 340);
    clock.runTimers();
    clock.poll();
    expect(pulse.lagMs).toBe(340);
    clock.advance(59_000);
    expect(pulse.lagMs).toBe(340);
    clock.advance(121_000);
    expect(pulse.lagMs).toBe(0);
  });
});
