import { describe, expect, it } from '@jest/globals';

import type { DiagnosticsSource } from '../../lib/diagnostics/diagnostics.source.js';
import { PageFeed } from '../../lib/diagnostics/page/page.feed.js';
import { leak } from './stories.mjs';

const NOW = 1_700_000_000_000;

function feed() {
  const story = leak(NOW);
  const state = { now: 0, snapshots: 0, histories: 0, fails: false };
  const source = {
    snapshot: () => {
      state.snapshots++;
      if (state.fails) throw new Error('no');
      return story.snapshot;
    },
    sample: () => story.sample,
    history: () => {
      state.histories++;
      return story.history;
    },
  } as unknown as DiagnosticsSource;
  return { state, story, page: new PageFeed({ source, details: true, now: () => state.now }) };
}

describe('what viewers read', () => {
  it('is one snapshot for all who ask within a second', () => {
    const { state, page } = feed();
    const first = page.read(0);
    state.now = 999;
    expect(page.read(0).snapshot).toBe(first.snapshot);
    expect(state.snapshots).toBe(1);
    state.now = 1_000;
    page.read(0);
    expect(state.snapshots).toBe(2);
  });

  it('is nothing before somebody asks', () => {
    expect(feed().state).toMatchObject({ snapshots: 0, histories: 0 });
  });

  it('is the moment, whose process, and only what is newer than the viewer knows', () => {
    const { story, page } = feed();
    const { lastHour, lastDay } = story.history;
    const all = page.read(0);
    expect(all).toMatchObject({ at: NOW, now: story.sample, details: true, process: expect.any(String) });
    expect([all.lastHour.length, all.lastDay.length]).toEqual([lastHour.length, lastDay.length]);
    const news = page.read(lastHour.at(-3)!.at);
    expect(news.lastHour).toEqual(lastHour.slice(-2));
    expect(news.lastDay).toEqual([]);
    expect(page.read(NOW).lastHour).toEqual([]);
  });

  it('names another process for each feed, and the same for all its answers', () => {
    const [one, other] = [feed().page, feed().page];
    expect(one.read(0).process).toBe(one.read(0).process);
    expect(one.read(0).process).not.toBe(other.read(0).process);
  });

  it('is tried again where it has failed', () => {
    const { state, page } = feed();
    state.fails = true;
    expect(() => page.read(0)).toThrow('no');
    state.fails = false;
    expect(page.read(0).snapshot.total_connections).toBe(1551);
  });
});
