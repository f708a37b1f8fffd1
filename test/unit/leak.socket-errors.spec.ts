import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';

import type { ConnectionEnd } from '../../lib/connection/connection.follower.js';
import { FailureJournal } from '../../lib/signals/failure.journal.js';
import { sumOf } from '../../lib/signals/recent.counts.js';
import { socketErrorsFinding } from '../../lib/signals/socket-errors.finding.js';
import { Records } from '../support/records.js';

const SETTINGS = { minSample: 50 };
const TEN = Array.from({ length: 10 });

function find(
  failed: number[],
  ended: number[],
  { stands = false, codes = {} as Record<string, number> } = {},
) {
  const byCode =
    Object.keys(codes).length === 0 ? [['ECONNRESET', sumOf(failed)] as const] : Object.entries(codes);
  return socketErrorsFinding(
    { ended: sumOf(ended), byCode, failedPerMinute: failed, endedPerMinute: ended },
    SETTINGS,
    stands,
  );
}
const each = (count: number): number[] => TEN.map(() => count);

describe('the finding socket_errors', () => {
  it('says how many of how many, with which codes, and where to look', () => {
    const found = find(each(6), each(9), { codes: { ECONNRESET: 40, ETIMEDOUT: 15, EPIPE: 5 } });
    expect(found).toMatchObject({ signal: 'socket_errors', severity: 'warning' });
    expect(found!.message).toBe(
      '60 of 90 connections that ended by themselves in the last 10 minutes (67 %) failed in TCP: ECONNRESET 40, ETIMEDOUT 15, EPIPE 5; they were broken, not closed',
    );
    expect(found!.next_step).toContain('socket_failed');
  });

  it.each([
    ['the failures of a crowd of phones', each(4), each(10)],
    ['half of them exactly', each(5), each(10)],
    ['a few in a small crowd', each(4), each(4)],
    ['a proxy that was restarted', [0, 0, 0, 900, 600, 0, 0, 0, 0, 0], [5, 5, 5, 905, 605, 5, 5, 5, 5, 5]],
    ['the same among the usual few', [1, 1, 1, 900, 600, 1, 1, 1, 1, 1], [5, 5, 5, 905, 605, 5, 5, 5, 5, 5]],
    ['none', each(0), each(100)],
    ['nobody', each(0), each(0)],
  ])('does not cry wolf at %s', (_what, failed, ended) => {
    expect(find(failed, ended)).toBeUndefined();
  });

  it('stands until its share, or the sample, is below half', () => {
    expect(find(each(3), each(10), { stands: true })).toBeDefined();
    expect(find([30, ...each(0)], [100], { stands: true })).toBeDefined();
    expect(find([25, ...each(0)], [100], { stands: true })).toBeUndefined();
    expect(find([24], [24], { stands: true })).toBeUndefined();
  });

  it('does not flap while the share wanders around the limit', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 3, max: 8 })), (looks) => {
        let [stands, changes] = [false, 0];
        for (const failed of looks) {
          const isFound = find(each(failed), each(10), { stands }) !== undefined;
          if (isFound !== stands) changes++;
          stands = isFound;
        }
        expect(changes).toBeLessThanOrEqual(1);
      }),
    );
  });
});

describe('the journal of failures', () => {
  it('counts by code what ended by itself, and leaves out what we closed', () => {
    const records = new Records();
    const journal = new FailureJournal(records.clock);
    const end = (errorCode: string | undefined, wasOurs = false): void => {
      const connection = records.make();
      if (wasOurs) connection.closing = { reason: 'timeout', code: 4001, text: '', ghost: 'silent' };
      journal.closed(connection, { errorCode } as ConnectionEnd);
    };
    end('EPIPE');
    end('ECONNRESET');
    end('ECONNRESET');
    end(undefined);
    end('ETIMEDOUT', true);
    expect(journal.recent()).toEqual({
      ended: 4,
      byCode: [
        ['ECONNRESET', 2],
        ['EPIPE', 1],
      ],
      endedPerMinute: [0, 0, 0, 0, 0, 0, 0, 0, 0, 4],
      failedPerMinute: [0, 0, 0, 0, 0, 0, 0, 0, 0, 3],
    });
    records.clock.stall(600_000);
    expect(journal.recent()).toMatchObject({ ended: 0, byCode: [] });
  });

  it('knows no more codes than it has room for, and counts the others all the same', () => {
    const records = new Records();
    const journal = new FailureJournal(records.clock);
    for (let number = 0; number < 1_000; number++)
      journal.closed(records.make(), { errorCode: `E${number}` } as ConnectionEnd);
    const { byCode, failedPerMinute } = journal.recent();
    expect(byCode).toHaveLength(16);
    expect(byCode[0]).toEqual(['OTHER', 985]);
    expect(sumOf(failedPerMinute)).toBe(1_000);
  });
});
