import { describe, expect, it } from '@jest/globals';

import { CLOSE_REASONS } from '../../lib/protocol/close-reasons.js';
import {
  count,
  counted,
  duration,
  latency,
  percent,
  REASON_NAMES,
} from '../../lib/diagnostics/page/browser/words.js';

describe('the words of the page', () => {
  it.each([
    [0, '0 s'],
    [45_300, '45 s'],
    [59_700, '1 min'],
    [200_000, '3 min 20 s'],
    [7_500_000, '2 h 5 min'],
    [3_600_000, '1 h'],
    [273_600_000, '3 d 4 h'],
    [-5, '0 s'],
  ])('say %d ms as %s', (ms, text) => expect(duration(ms)).toBe(text));

  it.each([
    [0, 10, '0 %'],
    [1, 1_000, '< 1 %'],
    [1_506, 1_551, '97 %'],
    [999, 1_000, '> 99 %'],
    [10, 10, '100 %'],
    [0, 0, '0 %'],
  ])('say %d of %d as %s', (part, whole, text) => expect(percent(part, whole)).toBe(text));

  it.each([
    [0.42, '0.4 ms'],
    [9.96, '10.0 ms'],
    [12.4, '12 ms'],
    [1_240, '1.2 s'],
  ])('say %d ms of latency as %s', (ms, text) => expect(latency(ms)).toBe(text));

  it('group thousands only where there are many', () => {
    expect([count(1_551), count(12_040)]).toEqual(['1551', '12,040']);
    expect([counted(1, 'timeout'), counted(0, 'timeout')]).toEqual(['1 timeout', '0 timeouts']);
  });

  it('know every reason to close', () => {
    expect(Object.keys(REASON_NAMES).toSorted()).toEqual(Object.keys(CLOSE_REASONS).toSorted());
  });
});
