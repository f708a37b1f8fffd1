import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';

import { ClientMachine } from './support/client.machine.js';
import { useFakePage } from './support/fake.page.js';
import { useFakeTime } from './support/fake.time.js';
import type { Setup, Step } from './support/machine.steps.js';

/** Mostly the newest, sometimes one that is long gone. */
const at = fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, fc.nat({ max: 5 }));
const ms = fc.constantFrom(0, 1, 60, 700, 1_500, 6_000, 40_000);
const code = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom(1001, 1006, 1006, 1006, 1012, 4000, 4001) },
  { weight: 1, arbitrary: fc.constantFrom(1000, 1005, 1008, 4003, 4400) },
);
const message = fc.oneof(
  fc.constant({ type: 'server_ping', ts: 1, interval: 5_000 }),
  fc.constant({ type: 'server_pong', ts: 1 }),
  fc.nat({ max: 5_000 }).map((reconnectInMs) => ({ type: 'server_drain', reconnectInMs })),
  fc.constant({ event: 'chat' }),
);

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('advance' as const), ms }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('stall' as const), ms }) },
  { weight: 8, arbitrary: fc.record({ do: fc.constant('open' as const), at }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('lose' as const), at, code }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('closing' as const), at }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('receive' as const), at, message }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constantFrom('resolveUrl' as const, 'logIn' as const), at }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('rejectUrl' as const), at }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('subscribe' as const),
      key: fc.nat({ max: 3 }),
      throws: fc.oneof({ weight: 4, arbitrary: fc.constant(false) }, fc.constant(true)),
    }),
  },
  { weight: 6, arbitrary: fc.constant({ do: 'send' as const }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constantFrom(
        'offline' as const,
        'online' as const,
        'wake' as const,
        'check' as const,
        'unsubscribe' as const,
      ),
    }),
  },
);

/** What ends a client for good: in some runs only, or few would live long enough to come back. */
const fatal: fc.Arbitrary<Step> = fc.oneof(
  fc.constant({ do: 'close' as const }),
  fc.record({ do: fc.constant('refuse' as const), at }),
);
const steps = fc.oneof(
  { weight: 3, arbitrary: fc.array(step, { maxLength: 60, size: 'max' }) },
  {
    weight: 1,
    arbitrary: fc.array(fc.oneof({ weight: 30, arbitrary: step }, fatal), { maxLength: 60, size: 'max' }),
  },
);

const advice = fc.constantFrom('now' as const, 'backoff' as const, 'never' as const, undefined);
const event = fc.constantFrom('open', 'message', 'error', 'close', 'drop', 'end', 'nothing');
const setup: fc.Arbitrary<Setup> = fc.record({
  asksForUrl: fc.boolean(),
  logsIn: fc.boolean(),
  isEager: fc.boolean(),
  reaction: fc.oneof(
    { weight: 4, arbitrary: fc.record({ on: event, step: fc.constant({ do: 'send' as const }) }) },
    { weight: 1, arbitrary: fc.record({ on: event, step: fc.constant({ do: 'close' as const }) }) },
    { weight: 1, arbitrary: fc.constant({ on: 'subscription', step: { do: 'close' as const } }) },
  ),
  options: fc.record({
    maxRetries: fc.constantFrom(Infinity, Infinity, 3),
    minUptimeMs: fc.constantFrom(0, 5_000),
    graceMs: fc.constantFrom(500, 5_000),
    queue: fc.record({
      maxMessages: fc.constantFrom(0, 3, 1_000),
      maxBytes: fc.constantFrom(30, 1e6),
      drop: fc.constantFrom('oldest' as const, 'newest' as const),
    }),
    reconnect: fc.oneof(
      { weight: 3, arbitrary: fc.constant(true) },
      { weight: 1, arbitrary: fc.constant(false) },
      { weight: 2, arbitrary: advice.map((said) => () => said) },
      {
        weight: 1,
        arbitrary: fc.constant(() => {
          throw new Error('no idea');
        }),
      },
    ),
  }),
});

describe('whatever happens to a client, in whatever order', () => {
  const time = useFakeTime();
  const page = useFakePage();

  it('has one live socket at most, keeps its order, accounts for every message, comes back, and ends', async () => {
    let [comebacks, deaths] = [0, 0];
    await fc.assert(
      fc.asyncProperty(setup, steps, async (made, sequence) => {
        time().clear();
        page().clear();
        const machine = new ClientMachine(made, time(), page());
        for (const each of sequence) await machine.run(each);
        if (machine.hasEnded) deaths++;
        else {
          await machine.recover();
          comebacks++;
        }
        await machine.finish();
        expect(time().pending).toBe(0);
      }),
      { numRuns: 3_000 },
    );
    // The generator is worth something only if it reaches both.
    expect(comebacks).toBeGreaterThan(100);
    expect(deaths).toBeGreaterThan(100);
  }, 120_000);
});
