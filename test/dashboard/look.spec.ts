import { afterEach, describe, expect, it, jest } from '@jest/globals';
import type { Page } from 'playwright-core';

import { healthy, leak, type Story } from './stories.mjs';
import { storyApp, type StoryApp } from './story.app.js';
import { bar, eventually, tile, useViewers } from './viewer.js';

jest.setTimeout(60_000);

/** The page as soon as it shows something. */
const LIVE = '#status[data-state=live]';

function textOf(page: Page, selector: string): Promise<string> {
  return page.locator(selector).innerText();
}

function coloursOf(all: [string, number][]): string[] {
  return all.map(([colour]) => colour);
}

/** Contrast of the texts that are seen, by WCAG 2.2's formula: what is below 4.5, or 3 where the text is large. */
const TOO_PALE = `(() => {
  const channels = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const luminance = ([r, g, b]) => [r, g, b]
    .map((value) => value / 255)
    .map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4))
    .reduce((sum, value, index) => sum + value * [0.2126, 0.7152, 0.0722][index], 0);
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = channels(getComputedStyle(at).backgroundColor);
      if (colour.length === 3 || colour[3] > 0) return colour;
    }
    return [255, 255, 255];
  };
  const pale = [];
  for (const element of document.querySelectorAll('body *')) {
    const hasText = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim() !== '');
    if (!hasText || !element.checkVisibility() || element.closest('.hidden, svg, noscript')) continue;
    const style = getComputedStyle(element);
    const [one, other] = [luminance(channels(style.color)), luminance(behind(element))];
    const ratio = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
    const size = parseFloat(style.fontSize);
    const isLarge = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    if (ratio < (isLarge ? 3 : 4.5)) pale.push(element.textContent.trim() + ' ' + ratio.toFixed(2));
  }
  return pale;
})()`;

/** Three nodes, and a fourth that was lost. */
function fleetOf(snapshot: Story['snapshot']): Story['snapshot']['fleet'] {
  const { connections_by_age: byAge, connections_by_last_activity: byLastActivity } = snapshot;
  const members = [5_000, 4_000, 3_040].map((total, at) => ({
    id: `node-${at}`,
    name: `web-${at}:1`,
    is_self: at === 0,
    started_at: Date.now() - 3_600_000,
    beat_ms_ago: 1_200,
    total_connections: total,
    closing: 0,
    identities: total,
    connections_by_age: byAge,
    connections_by_last_activity: byLastActivity,
    overdue: 0,
    findings: [],
  }));
  return {
    store: 'redis',
    partial: false,
    nodes: 3,
    members,
    total_connections: 12_040,
    connections_by_age: byAge,
    connections_by_last_activity: byLastActivity,
    findings: [],
    lost: [{ id: 'node-4', name: 'web-4:17', at: Date.now(), connections: 12, identities: 9 }],
  };
}

describe('the live page', () => {
  const view = useViewers();
  const apps: StoryApp[] = [];
  const show = async (story: Story, details = false): Promise<StoryApp> => {
    const started = await storyApp(story, { details });
    apps.push(started);
    return started;
  };

  afterEach(async () => {
    for (const { app } of apps.splice(0)) await app.close();
  });

  it('says "leak" first, by word, colour and shape, with the numbers of the case that it was built for', async () => {
    const { url } = await show(leak(Date.now()));
    const { page, troubles } = await view(url);
    await page.waitForSelector(LIVE);
    expect(await textOf(page, '#verdict-title')).toBe('Leak: 1506 of 1551 connections are stale');
    expect(await page.locator('#verdict').getAttribute('data-level')).toBe('critical');
    expect(await page.locator('.sign-critical').isVisible()).toBe(true);
    expect(await page.locator('.sign-ok').isVisible()).toBe(false);
    const box = await page.locator('#verdict').boundingBox();
    expect(box!.y + box!.height).toBeLessThan(260);
    expect(await textOf(page, '#findings')).toContain('Next step');
    expect(await tile(page, 'Active connections')).toBe('1551');
    const ages = ['under 1 h', '1 to 6 h', '6 to 12 h', '12 to 24 h', '24 h or more'];
    const byAge = [];
    for (const name of ages) byAge.push(await bar(page, 'bars-age', name));
    expect(byAge).toEqual([45, 120, 380, 1006, 0]);
    const byActivity = [];
    for (const name of ['within 60 s', '1 to 5 min ago', '5 min ago or more'])
      byActivity.push(await bar(page, 'bars-idle', name));
    expect(byActivity).toEqual([42, 3, 1506]);
    expect(troubles).toEqual([]);
  });

  it('says so when all is well, and what the fleet is where there is one', async () => {
    const story = healthy(Date.now());
    const { url } = await show({
      ...story,
      snapshot: { ...story.snapshot, fleet: fleetOf(story.snapshot) },
    });
    const { page } = await view(url);
    await page.waitForSelector(LIVE);
    expect(await textOf(page, '#verdict-title')).toBe('Healthy');
    expect(await textOf(page, '#findings')).toBe('Nothing is wrong at present.');
    expect(await textOf(page, '#fleet')).toContain('12,040 connections on 3 nodes');
    expect(await textOf(page, '#fleet')).toContain('Lost last: web-4:17, with 12 connections.');
    expect(await page.locator('#fleet-nodes tbody tr').count()).toBe(3);
    expect(await textOf(page, '#fleet-nodes')).toContain('web-0:1 (this one)');
  });

  it('shows no fleet where there is none', async () => {
    const { url } = await show(healthy(Date.now()));
    const { page } = await view(url);
    await page.waitForSelector(LIVE);
    expect(await page.locator('#fleet-section').isVisible()).toBe(false);
  });

  it.each([
    ['light', 360],
    ['dark', 360],
    ['light', 600],
    ['light', 800],
    ['light', 1024],
    ['light', 1121],
    ['light', 1280],
    ['dark', 1280],
  ] as const)(
    'is readable in %s at %d px: nothing runs out of the page, no text is pale',
    async (colorScheme, width) => {
      const { url } = await show(leak(Date.now()), true);
      const { page } = await view(url, { colorScheme, viewport: { width, height: 740 } });
      await page.waitForSelector(LIVE);
      await page.locator('#connections tbody tr').nth(19).waitFor();
      const widths = (await page.evaluate(
        '[document.documentElement.scrollWidth, document.documentElement.clientWidth]',
      )) as number[];
      expect(widths[0]).toBeLessThanOrEqual(widths[1]!);
      expect(await page.evaluate(TOO_PALE)).toEqual([]);
      const background = await page.evaluate('getComputedStyle(document.body).backgroundColor');
      expect(background).toBe(colorScheme === 'dark' ? 'rgb(14, 17, 22)' : 'rgb(245, 246, 248)');
    },
  );

  it.each(['light', 'dark'] as const)('is readable in %s in every state', async (colorScheme) => {
    const story = healthy(Date.now());
    const started = await show(story);
    const { page } = await view(started.url, { colorScheme });
    for (const [level, severity] of [
      ['ok', 'info'],
      ['warning', 'warning'],
      ['critical', 'critical'],
      ['lost', undefined],
    ] as const) {
      const finding = { signal: 'growth' as const, message: 'm', next_step: 'n' };
      if (severity === undefined) await page.route('**/data*', (route) => route.abort());
      else
        started.story = { ...story, snapshot: { ...story.snapshot, findings: [{ ...finding, severity }] } };
      await page.waitForSelector(`#verdict[data-level=${level}]`);
      expect([level, await page.evaluate(TOO_PALE)]).toEqual([level, []]);
      expect(await page.locator('.sign g').locator('visible=true').count()).toBeGreaterThan(0);
      expect(await page.locator(`.sign-${level}`).isVisible()).toBe(true);
    }
  });

  it('keeps the longest texts that clients may send within the page', async () => {
    const story = leak(Date.now());
    const long = 'x'.repeat(256);
    const connections = story.connections.map((each) => ({
      ...each,
      identity: long,
      userAgent: long,
      gateway: long,
    }));
    const { url } = await show({ ...story, connections }, true);
    for (const width of [360, 800, 1121, 1280]) {
      const { page } = await view(url, { viewport: { width, height: 740 } });
      await page.locator('#connections tbody tr').nth(19).waitFor();
      const over = 'document.documentElement.scrollWidth - document.documentElement.clientWidth';
      expect(await page.evaluate(over)).toBeLessThanOrEqual(0);
    }
  });

  it('can be used by the keyboard: every control is reached, and seen to be', async () => {
    const { url } = await show(leak(Date.now()));
    const { page } = await view(url);
    await page.waitForSelector(LIVE);
    const focused = `(() => {
      const at = document.activeElement;
      const ring = getComputedStyle(at.matches('input') ? at.nextElementSibling : at);
      return [at.value || at.id, ring.outlineStyle, parseFloat(ring.outlineWidth) >= 2];
    })()`;
    await page.keyboard.press('Tab');
    expect(await page.evaluate(focused)).toEqual(['hour', 'solid', true]);
    await page.keyboard.press('ArrowRight');
    expect(await page.evaluate(focused)).toEqual(['day', 'solid', true]);
    await eventually(
      'the note',
      () => textOf(page, '#chart-flow figcaption'),
      (text) => text.includes('15 minutes'),
    );
    await page.keyboard.press('Tab');
    expect(await page.evaluate(focused)).toEqual(['pause', 'solid', true]);
    await page.keyboard.press('Space');
    expect(await page.getByRole('button', { name: 'Pause', pressed: true }).count()).toBe(1);
    const reachable = await page.locator('a, button, input, select, textarea, [tabindex]').count();
    expect(reachable).toBe(3);
  });

  it('can be read by a screen reader: landmarks, headings, named tables, and a table for each chart', async () => {
    const { url } = await show(leak(Date.now()), true);
    const { page } = await view(url);
    await page.locator('#connections tbody tr').nth(19).waitFor();
    for (const landmark of ['banner', 'main', 'contentinfo'] as const)
      expect(await page.getByRole(landmark).count()).toBe(1);
    const headings = await page.getByRole('heading').allTextContents();
    expect(headings).toEqual([
      'Connection health',
      'Leak: 1506 of 1551 connections are stale',
      'Findings',
      'Now',
      'Over time',
      'Opened and closed',
      'Active connections and identities',
      'Heartbeat latency',
      'Connections and ghosts',
      'Last sign of life',
      'Connected for',
      'Ghosts by kind',
      'Gateways',
      'Oldest connections',
    ]);
    for (const name of ['Opened and closed', 'Active connections and identities', 'Heartbeat latency']) {
      const rows = page.getByRole('table', { name }).getByRole('row');
      expect(await rows.count()).toBeGreaterThan(10);
    }
    const chart = await page.getByRole('table', { name: 'Active connections and identities' }).ariaSnapshot();
    expect(chart).toContain('columnheader "identities"');
    expect(chart).toMatch(/- cell "1551"/);
    expect(await page.getByRole('table', { name: 'Connections by gateway' }).ariaSnapshot()).toContain(
      'rowheader "ChatGateway"',
    );
    expect(await page.getByRole('radio', { name: '24 h' }).count()).toBe(1);
    expect(await page.getByRole('group', { name: 'Time shown in the charts' }).count()).toBe(1);
  });

  it('still is a table for a screen reader where a narrow screen lays it out as cards', async () => {
    const { url } = await show(leak(Date.now()));
    const { page } = await view(url, { viewport: { width: 360, height: 740 } });
    await page.waitForSelector(LIVE);
    const table = page.getByRole('table', { name: 'Connections by gateway' });
    expect(await table.ariaSnapshot()).toContain('- row "ChatGateway 1288');
  });

  it('announces a change of the verdict once, and numbers that change not at all', async () => {
    const started = await show(healthy(Date.now()));
    const { page } = await view(started.url);
    await page.waitForSelector(LIVE);
    const announcer = page.getByRole('status');
    expect(await announcer.textContent()).toBe('Healthy');
    await page.evaluate(`
      window.said = [];
      new MutationObserver(() => said.push(document.querySelector('#announcer').textContent))
        .observe(document.querySelector('#announcer'), { childList: true, characterData: true, subtree: true })`);
    const { snapshot, ...rest } = leak(Date.now());
    for (const total of [1551, 1552, 1553]) {
      started.story = { ...rest, snapshot: { ...snapshot, total_connections: total } };
      await eventually('active', () => tile(page, 'Active connections'), String(total));
    }
    expect(await page.evaluate('said')).toEqual(['Leak: 1506 of 1551 connections are stale. Findings: 2.']);
  });

  it('draws: the charts are not empty, and are drawn anew in the other scheme', async () => {
    const { url } = await show(leak(Date.now()));
    const { page } = await view(url, { colorScheme: 'light' });
    await page.waitForSelector(LIVE);
    const inked = `[...document.querySelectorAll('canvas')].map((canvas) => {
      const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
      const counts = new Map();
      for (let at = 0; at < data.length; at += 4)
        if (data[at + 3] > 200) counts.set([...data.slice(at, at + 3)].join(), (counts.get([...data.slice(at, at + 3)].join()) ?? 0) + 1);
      return [...counts].sort((one, other) => other[1] - one[1])[0];
    })`;
    const light = (await page.evaluate(inked)) as [string, number][];
    for (const [, pixels] of light) expect(pixels).toBeGreaterThan(500);
    // Paused, so that no new data draws it anyway.
    await page.getByRole('button', { name: 'Pause' }).click();
    await page.emulateMedia({ colorScheme: 'dark' });
    await eventually(
      'other colours',
      async () => coloursOf((await page.evaluate(inked)) as [string, number][]),
      (colours) => colours.every((colour, index) => colour !== coloursOf(light)[index]),
      2_000,
    );
  });

  it('stands still for who does not want movement', async () => {
    const { url } = await show(leak(Date.now()));
    const { page } = await view(url, { reducedMotion: 'reduce' });
    await page.waitForSelector(LIVE);
    const moving = `[...document.querySelectorAll('*')].filter((each) =>
      parseFloat(getComputedStyle(each).transitionDuration) > 0 || parseFloat(getComputedStyle(each).animationDuration) > 0).length`;
    expect(await page.evaluate(moving)).toBe(0);
  });

  it('keeps its bars, icons and lines in forced colours', async () => {
    const { url } = await show(leak(Date.now()));
    const { page, troubles } = await view(url, { forcedColors: 'active' });
    await page.waitForSelector(LIVE);
    const colour = `getComputedStyle(document.querySelector('[data-tone=alarm] .bar')).backgroundColor`;
    const panel = `getComputedStyle(document.querySelector('#bars-idle')).backgroundColor`;
    expect(await page.evaluate(colour)).not.toBe(await page.evaluate(panel));
    expect(troubles).toEqual([]);
  });
});
