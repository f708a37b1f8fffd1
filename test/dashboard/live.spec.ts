import { afterEach, describe, expect, it, jest } from '@jest/globals';
import type { Page } from 'playwright-core';

import { sleep } from '../support/wait.js';
import { healthy, leak, type Story } from './stories.mjs';
import { storyApp, type StoryApp } from './story.app.js';
import { eventually, tile, useViewers } from './viewer.js';

jest.setTimeout(60_000);

const LIVE = '#status[data-state=live]';

/** Lets a page believe that it is hidden, or seen again: a headless browser hides none by itself. */
function become(page: Page, visibility: 'hidden' | 'visible'): Promise<unknown> {
  return page.evaluate(`
    Object.defineProperty(document, 'visibilityState', { configurable: true, get: () => '${visibility}' });
    document.dispatchEvent(new Event('visibilitychange'))`);
}

function asked(requests: readonly string[]): number {
  return requests.filter((url) => url.includes('/dashboard/data')).length;
}

describe('the live page, over time', () => {
  const view = useViewers();
  const apps: StoryApp[] = [];
  const show = async (story: Story, more: { details?: boolean; port?: number } = {}): Promise<StoryApp> => {
    const started = await storyApp(story, more);
    apps.push(started);
    return started;
  };

  afterEach(async () => {
    for (const { app } of apps.splice(0)) await app.close();
  });

  it('follows the server, and asks only for what is new', async () => {
    const now = Date.now();
    const started = await show(healthy(now));
    const { page, requests, troubles } = await view(started.url);
    await eventually('active', () => tile(page, 'Active connections'), '487');
    started.story = leak(now);
    await eventually('active', () => tile(page, 'Active connections'), '1551');
    const since = requests
      .filter((url) => url.includes('/dashboard/data'))
      .map((url) => Number(url.split('=')[1]));
    expect(since[0]).toBe(0);
    expect(since[1]).toBe(healthy(now).history.lastHour.at(-1)!.at);
    expect(troubles).toEqual([]);
  });

  it('takes at most one snapshot a second, however many watch, and none when nobody does', async () => {
    const started = await show(leak(Date.now()));
    const viewers = await Promise.all([view(started.url), view(started.url), view(started.url)]);
    for (const { page } of viewers) await page.waitForSelector(LIVE);
    await sleep(4_000);
    for (const { requests } of viewers) expect(asked(requests)).toBeGreaterThan(2);
    for (const { context } of viewers) await context.close();
    const { takenAt } = started;
    expect(takenAt.length).toBeGreaterThan(2);
    const gaps = takenAt.slice(1).map((at, index) => at - takenAt[index]!);
    expect(Math.min(...gaps)).toBeGreaterThan(990);
    const before = takenAt.length;
    await sleep(2_500);
    expect(takenAt.length).toBe(before);
  });

  it('asks for nothing while it is hidden, and at once when it is seen again', async () => {
    const started = await show(leak(Date.now()), { details: true });
    const { page, requests } = await view(started.url);
    await page.waitForSelector(LIVE);
    await become(page, 'hidden');
    await sleep(300);
    const [before, all] = [asked(requests), requests.length];
    await sleep(6_000);
    expect([asked(requests), requests.length]).toEqual([before, all]);
    await become(page, 'visible');
    await eventually(
      'asked',
      () => Promise.resolve(asked(requests)),
      (count) => count > before,
    );
  });

  it('stands still while it is paused, and goes on after', async () => {
    const started = await show(healthy(Date.now()));
    const { page, requests } = await view(started.url);
    await page.waitForSelector(LIVE);
    await page.getByRole('button', { name: 'Pause' }).click();
    expect(await page.locator('#status').textContent()).toMatch(/^Paused at \d\d:\d\d:\d\d$/);
    await sleep(300);
    const before = asked(requests);
    started.story = leak(Date.now());
    await sleep(2_500);
    expect(asked(requests)).toBe(before);
    expect(await tile(page, 'Active connections')).toBe('487');
    await page.getByRole('button', { name: 'Pause' }).click();
    await eventually('active', () => tile(page, 'Active connections'), '1551');
  });

  it('says that the connection is lost, asks less often, and comes back with the server', async () => {
    const first = await show(healthy(Date.now()));
    const { page, requests } = await view(first.url);
    await page.waitForSelector(LIVE);
    await first.app.close();
    await page.waitForSelector('#verdict[data-level=lost]');
    expect(await page.locator('#verdict-title').innerText()).toBe('Connection lost');
    expect(await page.locator('#verdict-detail').innerText()).toMatch(
      /Last known, at \d\d:\d\d:\d\d: Healthy\./,
    );
    expect(await page.title()).toBe('Connection lost · Connection health');
    expect(await page.getByRole('status').textContent()).toBe(
      'Connection lost. The server cannot be reached.',
    );
    const before = asked(requests);
    await sleep(6_500);
    // After 1, 2 and 4 s.
    expect(asked(requests) - before).toBeLessThanOrEqual(3);
    const again = leak(Date.now());
    await show(again, { port: Number(new URL(first.url).port) });
    await page.waitForSelector('#verdict[data-level=critical]', { timeout: 15_000 });
    await page.waitForSelector(LIVE);
    expect(await tile(page, 'Active connections')).toBe('1551');
    // It is another process: its history is read from the beginning.
    await eventually(
      'asked from 0',
      () => Promise.resolve(requests.some((url, index) => index > before && url.endsWith('since=0'))),
      true,
    );
  });

  it('says when access is refused', async () => {
    const started = await show(healthy(Date.now()));
    const { page } = await view(started.url);
    await page.waitForSelector(LIVE);
    await page.route('**/dashboard/data*', (route) => route.fulfill({ status: 403, body: '{}' }));
    await eventually('the verdict', () => page.locator('#verdict-title').innerText(), 'Access refused');
    expect(await page.locator('#verdict-detail').innerText()).toContain('answered 403: sign in again');
    await page.unroute('**/dashboard/data*');
    await eventually('the verdict', () => page.locator('#verdict-title').innerText(), 'Healthy');
  });

  it('goes on where single connections cannot be read', async () => {
    const started = await show(leak(Date.now()), { details: true });
    const { page } = await view('about:blank');
    await page.route('**/connections?*', (route) => route.fulfill({ status: 500, body: 'no' }));
    await page.goto(started.url);
    const note = page.locator('#connections-note');
    await eventually(
      'the note',
      () => note.textContent(),
      'They could not be read: the server answered 500.',
    );
    await page.unroute('**/connections?*');
    await page.locator('#connections tbody tr').nth(19).waitFor();
    expect(await note.isVisible()).toBe(false);
    expect(await tile(page, 'Active connections')).toBe('1551');
  });

  it('says when a load balancer shows several processes in turn', async () => {
    const [one, other] = [await show(healthy(Date.now())), await show(leak(Date.now()))];
    const { page } = await view('about:blank');
    let turn = 0;
    await page.route('**/dashboard/data*', async (route) => {
      const { origin } = new URL([one, other][turn++ % 2]!.url);
      const { pathname, search } = new URL(route.request().url());
      await route.fulfill({ response: await route.fetch({ url: origin + pathname + search }) });
    });
    await page.goto(one.url);
    await page.waitForSelector('#status[data-state=mixed]');
    expect(await page.locator('#status').innerText()).toBe(
      'Live, but from 2 processes in turn: ask one directly',
    );
  });
});
