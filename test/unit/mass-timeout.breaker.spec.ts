import { describe, expect, it } from '@jest/globals';

import { MassTimeoutBreaker } from '../../lib/liveness/mass-timeout.breaker.js';

const INTERVAL = 30_000;
const TIMEOUT = 20_000;
const SETTINGS = { ratio: 0.5, minConnections: 50 };

function setUp(settings: typeof SETTINGS | false = SETTINGS) {
  const breaker = new MassTimeoutBreaker(settings);
  breaker.cover(INTERVAL);
  /** Asks so many, spread over the interval that begins at `from`, of which the first `heard` are heard of. */
  const ask = (count: number, { from = 0, heard = 0 } = {}): number[] => {
    const times = Array.from({ length: count }, (_, index) => from + Math.floor((index * INTERVAL) / count));
    for (const at of times) breaker.noteAsked(at);
    // Spread as well, so that every part of the interval has its share.
    times.forEach((at, index) => {
      if (Math.floor(((index + 1) * heard) / count) > Math.floor((index * heard) / count))
        breaker.noteHeard(at);
    });
    return times;
  };
  const verdictOn = (askedAt: number, population = 100) =>
    breaker.shouldHold({ askedAt, timeoutMs: TIMEOUT }, population, askedAt + TIMEOUT);
  return { breaker, ask, verdictOn };
}

describe('MassTimeoutBreaker (R7)', () => {
  it('holds the very first verdict of a crowd that is silent', () => {
    const { ask, verdictOn } = setUp();
    ask(100);
    const silence = verdictOn(0);
    expect(silence!.silent).toBe(silence!.asked);
    expect(silence!.asked).toBeGreaterThan(20);
  });

  it.each([
    [40, true],
    [60, false],
  ])('holds when more than half are silent: heard of %i in 100', (heard, holds) => {
    const { ask, verdictOn } = setUp();
    ask(100, { heard });
    expect(verdictOn(0) !== undefined).toBe(holds);
  });

  it('does not hold a few of many', () => {
    const { ask, verdictOn } = setUp();
    ask(100, { heard: 90 });
    for (let askedAt = 0; askedAt < INTERVAL / 2; askedAt += 1_000)
      expect(verdictOn(askedAt)).toBeUndefined();
  });

  it('looks at few connections one by one', () => {
    const { ask, verdictOn } = setUp();
    ask(49);
    expect(verdictOn(0, 49)).toBeUndefined();
    expect(verdictOn(0, 50)).toBeDefined();
  });

  it('carries out everything at once where it is off', () => {
    const { ask, verdictOn } = setUp(false);
    ask(1_000);
    expect(verdictOn(0, 1_000)).toBeUndefined();
  });

  it('holds for a whole interval what fell silent in one moment, and not longer', () => {
    const { breaker, ask, verdictOn } = setUp();
    ask(100, { heard: 30 });
    expect(verdictOn(0)).toBeDefined();
    const start = TIMEOUT;
    expect(breaker.isEpisode(start + INTERVAL)).toBe(true);
    expect(breaker.isEpisode(start + INTERVAL + 1)).toBe(false);
    // Half a minute later nearly all answer: who is silent then is judged by itself.
    ask(100, { from: INTERVAL, heard: 100 });
    ask(100, { from: 2 * INTERVAL, heard: 95 });
    expect(verdictOn(2 * INTERVAL)).toBeUndefined();
  });

  it('asks again where too few were asked in the time to tell, though most of them were heard of', () => {
    const { breaker, verdictOn } = setUp();
    for (let asked = 0; asked < 7; asked++) breaker.noteAsked(0);
    for (let heard = 0; heard < 6; heard++) breaker.noteHeard(0);
    expect(verdictOn(0)).toEqual({ asked: 7, silent: 1 });
    breaker.noteAsked(0);
    breaker.noteHeard(0);
    expect(verdictOn(0)).toBeUndefined();
  });

  it('finds a mass of silence as soon after hours in which everybody answered', () => {
    const { ask, verdictOn } = setUp();
    for (let beat = 0; beat < 40; beat++) ask(100, { from: beat * INTERVAL, heard: 100 });
    ask(100, { from: 40 * INTERVAL });
    expect(verdictOn(40 * INTERVAL)).toBeDefined();
  });

  it('forgets what is long past', () => {
    const { ask, verdictOn } = setUp();
    ask(100);
    ask(100, { from: 40 * INTERVAL, heard: 100 });
    expect(verdictOn(40 * INTERVAL)).toBeUndefined();
  });

  it('takes no notice of who is heard of much too late', () => {
    const { breaker, ask, verdictOn } = setUp();
    ask(100, { from: 40 * INTERVAL });
    for (let late = 0; late < 100; late++) breaker.noteHeard(late);
    expect(verdictOn(40 * INTERVAL)).toBeDefined();
  });
});
