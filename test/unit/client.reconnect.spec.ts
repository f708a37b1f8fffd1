import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';

import { backoffMs } from '../../lib/client/backoff.js';
import { resolveClientOptions } from '../../lib/client/client.options.resolver.js';
import type { HealthyWebSocketOptions } from '../../lib/client/client.options.js';
import { adviceFor, decideReturn, type LossFacts } from '../../lib/client/reconnect.policy.js';
import { CLOSE_REASONS } from '../../lib/protocol/close-reasons.js';
import { seededRandom, unevenness } from '../client/support/evenness.js';
import { FakeSocket } from '../client/support/fake.socket.js';

const BACKOFF = { initialMs: 1_000, maxMs: 30_000 };

function decide(facts: Partial<LossFacts>, options: HealthyWebSocketOptions = {}, random = 0.5) {
  const resolved = resolveClientOptions({ WebSocket: FakeSocket, ...options });
  return decideReturn(
    { code: 1006, said: undefined, returnInMs: undefined, failures: 0, ...facts },
    resolved,
    random,
  );
}

describe('the pause before an attempt', () => {
  it('doubles up to the cap, and what is drawn from is the whole of it', () => {
    const longest = [0, 1, 2, 3, 4, 5, 6, 100, 2_000].map((attempt) => backoffMs(attempt, BACKOFF, 1));
    expect(longest).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000, 30_000]);
    expect([0, 5, 100].map((attempt) => backoffMs(attempt, BACKOFF, 0))).toEqual([0, 0, 0]);
  });

  it.each([
    [0, 1_000],
    [3, 8_000],
    [5, 30_000],
    [50, 30_000],
  ])('of attempt %p is spread evenly over %p ms, also at the cap', (attempt, upTo) => {
    const random = seededRandom(attempt + 1);
    const pauses = Array.from({ length: 1_000 }, () => backoffMs(attempt, BACKOFF, random()));
    expect(unevenness(pauses, 0, upTo)).toBeLessThan(1.95);
    // What jitter before the cap would look like: a heap at the end.
    expect(pauses.filter((pause) => pause > 0.99 * upTo).length).toBeLessThan(30);
  });
});

describe('the advice of a close code', () => {
  it.each(Object.entries(CLOSE_REASONS))('of %s is that of CLOSE_REASONS', (_reason, { code, reconnect }) => {
    expect(adviceFor(code)).toBe(reconnect);
  });

  it.each([
    [1000, 'never'],
    [1005, 'never'],
    [1008, 'never'],
    [3000, 'never'],
    [3999, 'never'],
    [4003, 'never'],
    [4004, 'never'],
    [4999, 'never'],
    [1001, 'backoff'],
    [1002, 'backoff'],
    [1006, 'backoff'],
    [1009, 'backoff'],
    [1011, 'backoff'],
    [1012, 'backoff'],
    [1013, 'backoff'],
    [1014, 'backoff'],
    [1015, 'backoff'],
    [4000, 'backoff'],
    [4002, 'backoff'],
  ])('%p is %s', (code, advice) => {
    expect(adviceFor(code)).toBe(advice);
  });
});

describe('the decision to come back', () => {
  it.each([
    ['a dead connection comes back with backoff', {}, {}, 500],
    ['later ones later', { failures: 3 }, {}, 4_000],
    ['a code that says never is obeyed', { code: 1008 }, {}, 'not_wanted'],
    ['`reconnect: false` never comes back', {}, { reconnect: false }, 'not_wanted'],
    ['not even if the server says when', { returnInMs: 50 }, { reconnect: false }, 'not_wanted'],
    ['the app overrules the code', { code: 1008, said: 'backoff' as const }, {}, 500],
    ['and the other way round', { code: 1006, said: 'never' as const }, {}, 'not_wanted'],
    ['now is at once', { said: 'now' as const }, {}, 0],
    ['but not again and again', { said: 'now' as const, failures: 1 }, {}, 1_000],
    ['the server says when', { code: 1012, returnInMs: 4_120 }, {}, 4_120],
    ['under a code of its own, too', { code: 4010, returnInMs: 4_120 }, {}, 4_120],
    ['and an app that only says how is content', { said: 'backoff' as const, returnInMs: 4_120 }, {}, 4_120],
    ['an app that says now is not', { said: 'now' as const, returnInMs: 4_120 }, {}, 0],
    ['a time that has passed is spread', { code: 1012, returnInMs: -1 }, {}, 500],
    ['so many attempts', { failures: 3 }, { maxRetries: 3 }, 'max_retries'],
    ['and not one fewer', { failures: 2 }, { maxRetries: 3 }, 2_000],
    ['none at all', {}, { maxRetries: 0 }, 'max_retries'],
  ])('%s', (_sentence, facts, options, expected) => {
    expect(decide(facts, options)).toBe(expected);
  });

  it('never makes a client wait longer than the cap, nor less than nothing', () => {
    fc.assert(
      fc.property(
        fc.nat({ max: 5_000 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.constantFrom('now', 'backoff', undefined),
        (failures, random, said) => {
          const pause = decide({ failures, said }, {}, random) as number;
          expect(pause).toBeGreaterThanOrEqual(0);
          expect(pause).toBeLessThanOrEqual(30_000);
        },
      ),
    );
  });
});
