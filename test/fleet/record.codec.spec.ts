import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';

import {
  BLOCK_SIZE,
  bucketOf,
  decodeActivity,
  decodePlaces,
  decodeRecord,
  encodeActivity,
  encodePlaces,
  encodeRecord,
} from '../../lib/fleet/record.codec.js';

const whole = fc.integer({ min: 0, max: 2 ** 31 });
const second = fc.integer({ min: 0, max: 4_000_000_000 }).map((seconds) => seconds * 1_000);
const text = fc.option(fc.string({ unit: 'binary' }), { nil: undefined });

describe('what is written of a connection', () => {
  it('is read as it was, whatever its texts are', () => {
    const record = fc.record({
      sequence: whole,
      openedAt: second,
      gateway: whole,
      identity: text,
      address: text,
    });
    fc.assert(fc.property(record, (each) => expect(decodeRecord(encodeRecord(each))).toEqual(each)));
  });

  it('takes few bytes', () => {
    const record = {
      sequence: 123_456,
      openedAt: Date.UTC(2026, 0),
      gateway: 0,
      identity: 'user-123456',
      address: '203.0.113.254',
    };
    expect(encodeRecord(record).length).toBeLessThanOrEqual(48);
  });

  it.each(['', 'x', '1,2', '1,2,3,[', '1,2,3,{}x', '{"a":1}', '-1,2,3'])(
    'is none where it is %j',
    (broken) => {
      expect(decodeRecord(broken)).toBeUndefined();
    },
  );
});

describe('what is written of the activity of neighbours', () => {
  it('is read to the second, at each place', () => {
    const moments = fc.array(fc.option(second, { nil: undefined }), {
      minLength: BLOCK_SIZE,
      maxLength: BLOCK_SIZE,
    });
    fc.assert(
      fc.property(moments, (list) => {
        const written = encodeActivity(list);
        expect(list.map((_, place) => decodeActivity(written, place))).toEqual(list);
      }),
    );
  });

  it('takes two bytes each for those who have answered within the same half minute', () => {
    const now = Date.UTC(2026, 0);
    const written = encodeActivity(Array.from({ length: BLOCK_SIZE }, (_, place) => now - 500 * place));
    expect(written.length).toBeLessThan(2.1 * BLOCK_SIZE);
  });

  it.each([undefined, '', ':', 'x', '!:!', '1:2'])('is nothing where it is %j', (broken) => {
    expect(decodeActivity(broken, 5)).toBeUndefined();
  });
});

describe('the fields that identities share', () => {
  it('list places', () => {
    fc.assert(
      fc.property(fc.uniqueArray(whole), (places) =>
        expect(decodePlaces(encodePlaces(places))).toEqual(places),
      ),
    );
    expect(decodePlaces(undefined)).toEqual([]);
  });

  it('are at most 1,024, evenly used', () => {
    const counts = new Map<string, number>();
    for (let user = 0; user < 20_480; user++) {
      const field = bucketOf(`user-${user}`);
      counts.set(field, (counts.get(field) ?? 0) + 1);
    }
    expect(counts.size).toBeGreaterThan(1_000);
    expect(counts.size).toBeLessThanOrEqual(1_024);
    expect(Math.max(...counts.values())).toBeLessThan(60);
  });
});
