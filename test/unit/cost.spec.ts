import { afterEach, describe, expect, it } from '@jest/globals';

import type { ConnectionHealthModuleOptions } from '../../lib/connection-health.options.js';
import { FakeCrowd, type FakeSocket } from '../support/fake.sockets.js';

const INTERVAL = 30_000;
const TICK = 250;

// What health costs, counted and not timed: the numbers are the same on any machine.

const crowds: FakeCrowd[] = [];

afterEach(() => {
  for (const crowd of crowds.splice(0)) crowd.end();
});

function crowdOf(options: ConnectionHealthModuleOptions = {}): FakeCrowd {
  const crowd = new FakeCrowd({ sweep: false, ...options });
  crowds.push(crowd);
  return crowd;
}

/** In each tick of one interval, how many sockets `take` finds. */
function perTick({ clock }: FakeCrowd, sockets: readonly FakeSocket[], take: (socket: FakeSocket) => number) {
  const counts: number[] = [];
  let before = sockets.map(take);
  for (let passed = 0; passed < INTERVAL; passed += TICK) {
    clock.advance(TICK);
    const after = sockets.map(take);
    counts.push(after.filter((count, at) => count !== before[at]).length);
    before = after;
  }
  return counts;
}

const sum = (counts: readonly number[]): number => counts.reduce((one, other) => one + other, 0);

/** Looks at 1,200 connections in 30 s, once they have their places in an interval. */
function looksWith(intervalMs: number): number {
  const crowd = crowdOf({ heartbeat: { intervalMs, enforce: 'observe' } });
  const sockets = crowd.open(1_200);
  crowd.clock.advance(intervalMs);
  return sum(perTick(crowd, sockets, ({ looks }) => looks));
}

describe('the cost of health', () => {
  it('is one timer, however many connections there are', () => {
    const crowd = crowdOf();
    const timers = crowd.clock.timerCount;
    const before = process.getActiveResourcesInfo().length;
    crowd.open(3_000);
    crowd.clock.advance(INTERVAL);
    expect([timers, crowd.clock.timerCount]).toEqual([1, 1]);
    expect(process.getActiveResourcesInfo().length).toBeLessThan(before + 100);
  });

  it('is no listener on any socket', () => {
    const crowd = crowdOf();
    const sockets = crowd.open(50);
    crowd.clock.advance(INTERVAL);
    expect(sockets.flatMap((socket) => socket.eventNames())).toEqual([]);
  });

  it('is no memory for what a healthy connection never needs, and no number in a box', () => {
    const crowd = crowdOf();
    crowd.open(50);
    crowd.clock.advance(INTERVAL / 2);
    for (const connection of crowd.runtime.registry) {
      expect(Reflect.get(connection, 'occasion')).toBeUndefined();
      const fractions = Object.values(connection).filter(
        (value) => typeof value === 'number' && !Number.isInteger(value),
      );
      expect(fractions).toEqual([]);
    }
  });

  it('is one frame for each connection and interval, and evenly few of them in each tick', () => {
    const crowd = crowdOf({ heartbeat: { intervalMs: INTERVAL, enforce: 'observe' } });
    const sockets = crowd.open(2_400);
    const counts = perTick(crowd, sockets, ({ sent }) => sent);
    expect(sockets.every(({ sent }) => sent === 1)).toBe(true);
    expect(sum(counts)).toBe(2_400);
    // 120 ticks of 20 each.
    expect(Math.max(...counts)).toBeLessThanOrEqual(24);
  });

  it('is as many questions as are open at a time, each of one connection, asked again when they were answered', () => {
    const crowd = crowdOf({ heartbeat: { intervalMs: INTERVAL } });
    crowd.open(1_200);
    const seen = new Set<object>();
    let mostOpen = 0;
    for (let passed = 0; passed < 3 * INTERVAL; passed += TICK) {
      crowd.clock.advance(TICK);
      const asked = [...crowd.runtime.registry].filter(({ question }) => question !== undefined);
      const questions = asked.map(({ question }) => question!);
      expect(new Set(questions).size).toBe(asked.length);
      expect(questions.every(({ isMissed, isSettled, probe }) => !isMissed && !isSettled && !probe)).toBe(
        true,
      );
      for (const question of questions) seen.add(question);
      mostOpen = Math.max(mostOpen, asked.length);
      // A client that says everything twice must not answer what another is asked next.
      for (const { question, socket } of asked) {
        const answer = Buffer.from(JSON.stringify({ type: 'client_pong', ts: question!.ts }));
        for (let time = 0; time < 2; time++) (socket as FakeSocket).emit('message', answer, false);
      }
    }
    expect(mostOpen).toBeGreaterThan(0);
    expect(seen.size).toBeLessThanOrEqual(mostOpen);
    expect(crowd.runtime.registry.size).toBe(1_200);
  });

  it('is, in a tick, a look at those who are due, and at nobody else', () => {
    const crowd = crowdOf({ heartbeat: { intervalMs: INTERVAL, enforce: 'observe' } });
    const sockets = crowd.open(2_400);
    crowd.clock.advance(INTERVAL);
    const counts = perTick(crowd, sockets, ({ looks }) => looks);
    // Without an answer: it is asked, looked at halfway and in the end, and once more after another poll phase.
    expect(sum(counts)).toBeLessThanOrEqual(4 * 2_400);
    expect(Math.max(...counts)).toBeLessThanOrEqual(4 * 24);
  });

  it('is a tenth with an interval of ten times the length: it grows with what is due and not with who is there', () => {
    expect(looksWith(10 * INTERVAL)).toBeLessThan(looksWith(INTERVAL) / 8);
  });

  it('is one frame built in a tick for all who are due in it', () => {
    let built = 0;
    const codec = {
      name: 'counting',
      recognise: () => undefined,
      encode: () => {
        built++;
        return 'ping';
      },
    };
    const crowd = crowdOf({ heartbeat: { intervalMs: INTERVAL, codec, enforce: 'observe' } });
    const sockets = crowd.open(2_400);
    // The boot has tried it.
    built = 0;
    crowd.clock.advance(INTERVAL);
    expect(sum(sockets.map(({ sent }) => sent))).toBe(2_400);
    expect(built).toBeLessThanOrEqual(INTERVAL / TICK);
  });
});
