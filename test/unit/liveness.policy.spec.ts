import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';

import { NEVER } from '../../lib/clock/awake.clock.js';
import { isStale, judgeQuestion, type QuestionFacts } from '../../lib/liveness/liveness.policy.js';

const LIMITS = { timeoutMs: 20_000, minDrainBytesPerSecond: 32_768, maxExtraMs: 60_000 };

/** Asked at 1,000, with the kernel at 1,100, and silent since. */
const SILENT: QuestionFacts = {
  isPaused: false,
  wasHeard: false,
  wasInterrupted: false,
  askedAt: 1_000,
  handedOverAt: 1_100,
  unsentMovedAt: NEVER,
  bytesAhead: 0,
};

const missed = { kind: 'missed' };
const alive = { kind: 'alive' };
const repeat = { kind: 'repeat' };
const waitUntil = (until: number): object => ({ kind: 'wait', until });

type Row = [what: string, facts: Partial<QuestionFacts>, now: number, verdict: object];

describe('judgeQuestion (R4)', () => {
  it.each<Row>([
    ['waits until the timeout has passed since the kernel had it', {}, 21_099, waitUntil(21_100)],
    ['a miss right then', {}, 21_100, missed],
    ['evidence saves it, at any time', { wasHeard: true }, 99_999, alive],
    ['evidence counts before anything else', { wasHeard: true, isPaused: true }, 99_999, alive],
    ['not judged while we do not read from it', { isPaused: true }, 99_999, waitUntil(99_999)],
    [
      'not judged while paused, after a stall either',
      { isPaused: true, wasInterrupted: true },
      9e9,
      waitUntil(9e9),
    ],
    ['counts from the asking where the hand-over was not seen', { handedOverAt: NEVER }, 21_000, missed],
    ['…and not earlier', { handedOverAt: NEVER }, 20_999, waitUntil(21_000)],

    ['a slow reader gets the time for what lies before', { bytesAhead: 32_768 }, 21_100, waitUntil(22_100)],
    ['…and no more', { bytesAhead: 32_768 }, 22_100, missed],
    ['the allowance has a cap', { bytesAhead: 1e12 }, 21_100, waitUntil(81_100)],
    ['…at which it is a miss', { bytesAhead: 1e12 }, 81_100, missed],

    ['unsent and draining: no miss, however late', { unsentMovedAt: 500_000 }, 500_001, waitUntil(520_000)],
    ['unsent, nothing drained for the timeout', { unsentMovedAt: 500_000 }, 520_000, missed],
    [
      'what is stuck has the allowance too: kernels wake a writer late',
      { unsentMovedAt: 5_000, bytesAhead: 32_768 },
      25_999,
      waitUntil(26_000),
    ],
    ['…and no more', { unsentMovedAt: 5_000, bytesAhead: 32_768 }, 26_000, missed],

    ['asked once more when the loop stalled meanwhile (R2)', { wasInterrupted: true }, 21_100, repeat],
    ['…but not before its time is over', { wasInterrupted: true }, 21_099, waitUntil(21_100)],
    ['…and not if it has spoken', { wasInterrupted: true, wasHeard: true }, 21_100, alive],
  ])('%s', (_what, facts, now, verdict) => {
    expect(judgeQuestion({ ...SILENT, ...facts }, LIMITS, now)).toEqual(verdict);
  });

  it('never says missed while there is a reason to wait, and always says something in bounded time', () => {
    const times = fc.oneof(fc.constant(NEVER), fc.nat({ max: 1e6 }));
    const anyFacts = fc.record({
      isPaused: fc.boolean(),
      wasHeard: fc.boolean(),
      wasInterrupted: fc.boolean(),
      askedAt: fc.nat({ max: 1e6 }),
      handedOverAt: times,
      unsentMovedAt: times,
      bytesAhead: fc.nat({ max: 1e9 }),
    });
    fc.assert(
      fc.property(anyFacts, fc.nat({ max: 2e6 }), (facts, now) => {
        const verdict = judgeQuestion(facts, LIMITS, now);
        const latest =
          Math.max(facts.askedAt, facts.handedOverAt, facts.unsentMovedAt) +
          LIMITS.timeoutMs +
          LIMITS.maxExtraMs;
        expect({
          waitsForThePast: verdict.kind === 'wait' && verdict.until < now,
          missedInSpite:
            verdict.kind === 'missed' && (facts.wasHeard || facts.isPaused || facts.wasInterrupted),
          missedTooSoon: verdict.kind === 'missed' && now < LIMITS.timeoutMs,
          waitsForEver: verdict.kind === 'wait' && !facts.isPaused && now >= latest,
        }).toEqual({
          waitsForThePast: false,
          missedInSpite: false,
          missedTooSoon: false,
          waitsForEver: false,
        });
      }),
      { numRuns: 5_000 },
    );
  });
});

describe('isStale (R5)', () => {
  const limits = { ...LIMITS, staleAfterMs: 90_000 };
  const silent = { isPaused: false, unsentMovedAt: NEVER, bytesAhead: 0, lastActivityAt: 1_000 };

  it.each<[string, Partial<typeof silent>, number, boolean]>([
    ['silent for exactly so long', {}, 91_000, false],
    ['silent for longer', {}, 91_001, true],
    ['heard of since', { lastActivityAt: 60_000 }, 91_001, false],
    ['paused by us', { isPaused: true }, 9e9, false],
    ['still busy with what we sent before', { bytesAhead: 327_680 }, 101_000, false],
    ['…for longer than the slowest healthy reader would be', { bytesAhead: 327_680 }, 101_001, true],
    ['…which has a cap', { bytesAhead: 1e12 }, 151_001, true],
    ['our bytes are unsent and draining', { unsentMovedAt: 80_000 }, 99_999, false],
    ['our bytes are unsent and stuck', { unsentMovedAt: 80_000 }, 100_000, true],
    [
      'our bytes drained just now, but it spoke lately as well',
      { unsentMovedAt: 80_000, lastActivityAt: 50_000 },
      120_000,
      false,
    ],
  ])('%s', (_what, facts, now, verdict) => {
    expect(isStale({ ...silent, ...facts }, limits, now)).toBe(verdict);
  });
});
