import { afterAll, afterEach, beforeAll } from '@jest/globals';
import {
  chromium,
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  type Page,
} from 'playwright-core';

import { CHROMIUM } from './chromium.mjs';

/** Somebody who looks at the page, with everything that must not happen meanwhile. */
export interface Viewer {
  readonly page: Page;
  readonly context: BrowserContext;
  /** Errors and warnings of the console, uncaught errors, dialogs, what the policy has stopped. */
  readonly troubles: string[];
  /** Addresses that were asked for. */
  readonly requests: string[];
}

const SAY_VIOLATIONS = `document.addEventListener('securitypolicyviolation', (event) =>
  console.error('policy violated: ' + event.violatedDirective + ' ' + event.blockedURI))`;

/** Starts one browser for a test file, and opens pages that are closed after the test. */
export function useViewers(): (url: string, options?: BrowserContextOptions) => Promise<Viewer> {
  let browser: Browser;
  const contexts: BrowserContext[] = [];
  beforeAll(async () => {
    browser = await chromium.launch(CHROMIUM);
  });
  afterEach(async () => {
    for (const context of contexts.splice(0)) await context.close();
  });
  afterAll(() => browser.close());
  return async (url, options = {}) => {
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
    contexts.push(context);
    const page = await context.newPage();
    const viewer: Viewer = { page, context, troubles: [], requests: [] };
    watch(viewer);
    await page.addInitScript(SAY_VIOLATIONS);
    await page.goto(url);
    return viewer;
  };
}

function watch({ page, troubles, requests }: Viewer): void {
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) troubles.push(message.text());
  });
  page.on('pageerror', (error) => troubles.push(String(error)));
  page.on('dialog', (dialog) => {
    troubles.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on('request', (request) => requests.push(request.url()));
}

/** The big number of a tile. */
export async function tile(page: Page, name: string): Promise<string> {
  return (await page.locator('.tile', { hasText: name }).locator('.tile-value').textContent()) ?? '';
}

/** What stands beside a bar. */
export async function bar(page: Page, id: string, name: string): Promise<number> {
  const row = page.locator(`#${id} tbody tr`, { has: page.getByRole('rowheader', { name, exact: true }) });
  return Number(await row.locator('.value').textContent());
}

/** A row of a table, by its first cell: column titles and texts. */
export async function row(page: Page, id: string, name: string): Promise<Record<string, string>> {
  const line = page.locator(`#${id} tbody tr`, { has: page.getByRole('rowheader', { name, exact: true }) });
  const titles = await page.locator(`#${id} thead th`).allTextContents();
  const texts = await line.locator('th, td').allTextContents();
  return Object.fromEntries(titles.map((title, index) => [title, texts[index]!]));
}

/** Resolves when what is asked gives this. @throws after `withinMs`, with what it gave instead */
export async function eventually<Value>(
  what: string,
  ask: () => Promise<Value>,
  wanted: Value | ((value: Value) => boolean),
  withinMs = 20_000,
): Promise<void> {
  const deadline = performance.now() + withinMs;
  const fits =
    typeof wanted === 'function' ? (wanted as (value: Value) => boolean) : (value: Value) => value === wanted;
  for (;;) {
    const value = await ask();
    if (fits(value)) return;
    if (performance.now() > deadline)
      throw new Error(`${what}: still ${JSON.stringify(value)} after ${withinMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
