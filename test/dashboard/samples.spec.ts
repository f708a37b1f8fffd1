import { describe, expect, it } from '@jest/globals';

import type { HistorySample } from '../../lib/connection/connection.history.js';
import type { PageData } from '../../lib/diagnostics/page.data.js';
import { flowsOf } from '../../lib/diagnostics/page/browser/flows.js';
import { SampleStore } from '../../lib/diagnostics/page/browser/sample.store.js';
import { leak } from './stories.mjs';

const MINUTE = 60_000;
/** A full hour. */
const NOW = 472_222 * 3_600_000;
const EMPTY = leak(NOW).sample;

/** A sample at so many seconds from now. */
function sample(seconds: number, more: Partial<HistorySample> = {}): HistorySample {
  return { ...EMPTY, at: NOW + seconds * 1_000, ...more };
}

function data(at: number, more: Partial<PageData> = {}): PageData {
  const now = sample(at);
  const { snapshot } = leak(NOW);
  return { at: now.at, process: 'one', snapshot, now, lastHour: [], lastDay: [], details: false, ...more };
}

function secondsOf(samples: readonly HistorySample[]): number[] {
  return samples.map(({ at }) => (at - NOW) / 1_000);
}

/** Counts as a sample has them, all others as they were. */
function counts(opened: number, clean: number, timeout = 0): Partial<HistorySample> {
  return { opened, closed: { ...EMPTY.closed, clean, timeout, error: 0 } };
}

describe('the samples that a page keeps', () => {
  it('are those of the server, joined as they come, and the moment at the end', () => {
    const store = new SampleStore();
    expect(store.since).toBe(0);
    expect(store.add(data(0, { lastHour: [sample(-20), sample(-10)] }))).toBe(true);
    expect(store.since).toBe(NOW - 10_000);
    expect(store.add(data(11, { lastHour: [sample(-10), sample(0), sample(10)] }))).toBe(true);
    expect(secondsOf(store.series('hour').samples)).toEqual([-20, -10, 0, 10, 11]);
  });

  it('are none before the first answer', () => {
    expect(new SampleStore().series('hour').samples).toEqual([]);
  });

  it('leave out a moment that is older than the newest sample', () => {
    const store = new SampleStore();
    store.add(data(0, { lastHour: [sample(-10), sample(0)] }));
    expect(secondsOf(store.series('hour').samples)).toEqual([-10, 0]);
  });

  it('are forgotten when they are older than what is shown', () => {
    const store = new SampleStore();
    store.add(data(0, { lastHour: [sample(-3_600), sample(-10)], lastDay: [sample(-86_400), sample(-300)] }));
    store.add(data(60, { lastHour: [sample(50)] }));
    expect(secondsOf(store.series('hour').samples)).toEqual([-10, 50, 60]);
  });

  it.each([
    ['of another process', { process: 'two' }],
    ['of a clock that was set back', { at: NOW - 3_600_000, now: sample(-3_600) }],
  ])('begin anew with those %s', (_what, more) => {
    const store = new SampleStore();
    store.add(data(0, { lastHour: [sample(-10)] }));
    const next = data(1, more);
    expect(store.add(next)).toBe(false);
    expect(store.since).toBe(0);
    expect(store.series('hour').samples).toEqual([]);
    expect(store.add(next)).toBe(true);
  });

  it('show a whole range where there is one, and no empty hours where the process has just begun', () => {
    const store = new SampleStore();
    store.add(data(0, { lastHour: [sample(-120)] }));
    expect(store.series('hour')).toMatchObject({ from: NOW - 10 * MINUTE, to: NOW });
    expect(store.series('day').from).toBe(NOW - 60 * MINUTE);
    const old = new SampleStore();
    old.add(data(0, { lastHour: [sample(-3_600)], lastDay: [sample(-86_400)] }));
    expect(old.series('hour').from).toBe(NOW - 60 * MINUTE);
    expect(old.series('day').from).toBe(NOW - 24 * 60 * MINUTE);
  });

  it('show the day by the coarse record, once that reaches further back than the fine one', () => {
    const store = new SampleStore();
    store.add(data(0, { lastHour: [sample(-300), sample(-290)], lastDay: [sample(-300)] }));
    expect(secondsOf(store.series('day').samples)).toEqual([-300, -290, 0]);
    const old = new SampleStore();
    old.add(data(0, { lastHour: [sample(-3_590), sample(-10)], lastDay: [sample(-7_200), sample(-300)] }));
    expect(secondsOf(old.series('day').samples)).toEqual([-7_200, -300, 0]);
  });
});

describe('what came and went', () => {
  it('is counted in the minute in which it was seen', () => {
    const samples = [
      sample(-90, counts(10, 3)),
      sample(-70, counts(14, 4)),
      sample(-30, counts(15, 4, 2)),
      sample(0, counts(15, 9, 2)),
    ];
    const flows = flowsOf({ samples, from: NOW - 2 * MINUTE, to: NOW }, 'hour');
    expect(flows.at).toEqual([NOW - 2 * MINUTE, NOW - MINUTE, NOW]);
    expect(flows.opened).toEqual([4, 1, 0]);
    expect(flows.closed.clean).toEqual([1, 0, 5]);
    expect(flows.closed.timeout).toEqual([0, 2, 0]);
  });

  it('is what there is now where the count has begun anew', () => {
    const samples = [sample(-20, counts(500, 400)), sample(-10, counts(3, 1))];
    const flows = flowsOf({ samples, from: NOW - MINUTE, to: NOW }, 'hour');
    expect(flows.opened).toEqual([3, 0]);
    expect(flows.closed.clean).toEqual([1, 0]);
  });

  it('comes in quarters of an hour for a day', () => {
    const samples = [sample(-1_800, counts(0, 0)), sample(-1_000, counts(7, 0)), sample(-100, counts(9, 0))];
    const flows = flowsOf({ samples, from: NOW - 30 * MINUTE, to: NOW }, 'day');
    expect(flows.opened).toEqual([7, 2, 0]);
  });

  it('is nothing where there is nothing', () => {
    expect(flowsOf({ samples: [], from: 0, to: 0 }, 'hour')).toMatchObject({ at: [], opened: [] });
  });
});
