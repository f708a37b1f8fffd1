import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { chromium, type Browser, type BrowserContext } from 'playwright-core';

import { until } from '../../support/wait.js';

const PATH = '/usr/bin/chromium';
/** What it takes to run without a display, as root, and without looking up anything but what a page asks for. */
const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/**
 * Chromium as people run it. Playwright starts it with throttling, freezing and the back/forward cache switched off, and
 * tells every page that it has the focus: here it is started by hand, and only driven by Playwright.
 */
export class Chromium {
  private constructor(
    private readonly process: ChildProcess,
    private readonly profile: string,
    private readonly browser: Browser,
  ) {}

  static async start(...flags: string[]): Promise<Chromium> {
    const profile = mkdtempSync(join(tmpdir(), 'chromium-'));
    const args = [
      ...FLAGS,
      ...flags,
      '--remote-debugging-port=0',
      `--user-data-dir=${profile}`,
      'about:blank',
    ];
    const child = spawn(PATH, args, { stdio: 'ignore' });
    const file = join(profile, 'DevToolsActivePort');
    await until(
      'Chromium listens',
      () => existsSync(file) && readFileSync(file, 'utf8').includes('\n'),
      30_000,
    );
    const [port] = readFileSync(file, 'utf8').split('\n');
    const browser = await chromium.connectOverCDP(`http://127.0.0.1:${port}`, { noDefaults: true });
    return new Chromium(child, profile, browser);
  }

  /** The one that a user has: its pages are tabs of one window, and one of them is visible. */
  get context(): BrowserContext {
    return this.browser.contexts()[0]!;
  }

  async end(): Promise<void> {
    const exited = once(this.process, 'exit');
    // Asks it to close, with all its processes.
    const session = await this.browser.newBrowserCDPSession();
    await session.send('Browser.close').catch(() => undefined);
    await exited;
    rmSync(this.profile, { recursive: true, force: true, maxRetries: 5 });
  }
}
