import { join } from 'node:path';

import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { chromium, type Browser, type Page } from 'playwright-core';

import { CHROMIUM } from '../dashboard/chromium.mjs';
import { expectHeard, reaches, say, transcript } from './browser-client.page.js';
import { buildSample, RunningSample, sample, TROUBLE_MS } from './browser-client.process.js';
import { typeErrorsIn } from './react.check.js';

jest.setTimeout(60_000);

describe('the browser client sample', () => {
  let browser: Browser;
  let running: RunningSample;
  const pages: Page[] = [];
  const errors: string[] = [];

  beforeAll(async () => {
    await buildSample();
    browser = await chromium.launch(CHROMIUM);
  });
  afterEach(async () => {
    for (const page of pages.splice(0)) await page.close();
    await running.end();
    const uncaught = errors.splice(0).join('\n');
    if (uncaught !== '') throw new Error(`uncaught in a page: ${uncaught}`);
  });
  afterAll(() => browser.close());

  async function open(path = ''): Promise<Page> {
    const page = await browser.newPage();
    pages.push(page);
    page.on('pageerror', (error) => errors.push(String(error)));
    await page.goto(running.url + path);
    return page;
  }

  it('carries a chat between two pages', async () => {
    running = await RunningSample.start();
    const [ada, grace] = [await open(), await open()];
    for (const page of [ada, grace]) await reaches(page, 'connected');
    await say(ada, 'one');
    await expectHeard(grace, ['one']);
    await say(grace, 'two');
    for (const page of [ada, grace]) await expectHeard(page, ['one', 'two']);
    await expectHeard(await open(), ['one', 'two']);
    await ada.getByText(/^\d+\.\d ms$/).waitFor();
  });

  it.each([
    ['a frozen server', 'Freeze the server'],
    ['a cut network', 'Cut the network'],
  ])('shows %s, and delivers once what was typed meanwhile', async (_name, button) => {
    running = await RunningSample.start();
    const [ada, grace] = [await open(), await open()];
    for (const page of [ada, grace]) await reaches(page, 'connected');
    await say(ada, 'before');
    await expectHeard(grace, ['before']);

    await ada.getByRole('button', { name: button }).click();
    await ada.locator('#log li', { hasText: `for ${TROUBLE_MS / 1_000} s` }).waitFor();
    // By now it has begun, and nobody can have noticed: this one is given to a connection that is dead.
    await ada.waitForTimeout(400);
    await say(ada, 'into the void');
    await reaches(ada, 'away');
    await ada.locator('#log li', { hasText: 'dead_server' }).first().waitFor();
    await say(ada, 'kept');
    await say(ada, 'kept, too');
    await ada.locator('#waiting', { hasText: '2' }).waitFor();

    for (const page of [ada, grace]) await reaches(page, 'connected');
    for (const page of [ada, grace])
      await expectHeard(page, ['before', 'into the void', 'kept', 'kept, too']);
    await say(grace, 'after');
    for (const page of [ada, grace])
      await expectHeard(page, ['before', 'into the void', 'kept', 'kept, too', 'after']);
    await ada.locator('#waiting', { hasText: '0' }).waitFor();
    await ada.locator('#log li', { hasText: 'Connected again' }).waitFor();
  });

  it('comes back to a server that was started again', async () => {
    running = await RunningSample.start();
    const page = await open();
    await reaches(page, 'connected');
    await say(page, 'before');
    await expectHeard(page, ['before']);
    await running.end();
    await reaches(page, 'away');
    await page.locator('#log li', { hasText: 'code 1012' }).waitFor();
    await say(page, 'kept');
    running = await RunningSample.start(new URL(running.url).port);
    await reaches(page, 'connected');
    await expectHeard(page, ['before', 'kept']);
  });

  it('ends for good when it is told to', async () => {
    running = await RunningSample.start();
    const page = await open();
    await reaches(page, 'connected');
    await page.getByRole('button', { name: 'End for good' }).click();
    await reaches(page, 'ended');
    await say(page, 'too late');
    await page.locator('#log li', { hasText: 'will not be sent: ended' }).waitFor();
    await page.waitForTimeout(2_000);
    expect(await page.locator('#connections').innerText()).toBe('1');
  });

  it('fits a phone', async () => {
    running = await RunningSample.start();
    for (const path of ['', 'plain.html']) {
      const page = await open(path);
      await page.setViewportSize({ width: 320, height: 700 });
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(320);
    }
  });

  describe('on its plain page', () => {
    it('everything is the same with HealthyWebSocket in place of WebSocket', async () => {
      running = await RunningSample.start();
      const plain = await transcript(await open('plain.html'), await open('plain.html'));
      await running.end();
      running = await RunningSample.start();
      const healthy = await transcript(await open('healthy.html'), await open('plain.html'));
      expect(plain.at(-1)).toMatch(/connected\s+Plain: mine\nPlain: yours\s/);
      expect(healthy).toEqual(plain);
    });

    it('and only with it the page comes back from a killed server', async () => {
      running = await RunningSample.start();
      const [plain, healthy] = [await open('plain.html'), await open('healthy.html')];
      for (const page of [plain, healthy]) await page.getByRole('status').getByText('connected').waitFor();
      await running.end('SIGKILL');
      for (const page of [plain, healthy])
        await page.getByRole('status').getByText('closed with code 1006').waitFor();
      running = await RunningSample.start(new URL(running.url).port);
      await healthy.getByRole('status').getByText('connected').waitFor();
      await say(healthy, 'back');
      await healthy.locator('#remarks li', { hasText: 'back' }).waitFor();
      expect(await plain.getByRole('status').innerText()).toBe('closed with code 1006');
    });
  });
});

describe('the React hook in the README of the browser client sample', () => {
  it('type-checks', () => {
    expect(typeErrorsIn(join(sample, 'README.md'))).toEqual([]);
  });

  it('would not if it were wrong', () => {
    expect(typeErrorsIn(join(sample, 'README.md'), ['retryInMs', 'retryInSeconds'])).not.toEqual([]);
  });
});
