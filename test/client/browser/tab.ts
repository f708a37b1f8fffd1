import type { CDPSession, Page } from 'playwright-core';

import type { Chromium } from './chromium.js';
import { untilReport } from '../support/until.report.js';

/** Something that a page noted, and when, in milliseconds since the Unix epoch. */
export interface PageEvent {
  readonly type: string;
  readonly at: number;
  readonly code?: number;
  readonly reason?: string;
  readonly wasClean?: boolean;
  readonly willReconnect?: boolean;
  readonly data?: string;
  readonly persisted?: boolean;
}

/** What a page says of itself. */
export interface PageReport {
  readonly now: number;
  readonly events: readonly PageEvent[];
  /** Errors that nobody caught. */
  readonly errors: readonly string[];
  /** Sockets made so far. */
  readonly attempts: number;
  /** Of these, the ones that are connecting or open now. */
  readonly live: number;
  readonly open: number;
  readonly readyState: number;
  readonly latencyMs?: number;
  readonly visibility: string;
  readonly onLine: boolean;
}

/** A page with `witness.js` and the client. */
export class Tab {
  /** Text frames that the page's sockets have sent. */
  readonly sent: { readonly at: number; readonly text: string }[] = [];

  private constructor(
    readonly page: Page,
    private readonly session: CDPSession,
  ) {
    page.on('websocket', (socket) =>
      socket.on('framesent', ({ payload }) => this.sent.push({ at: Date.now(), text: String(payload) })),
    );
  }

  static async open(browser: Chromium, url: string): Promise<Tab> {
    const page = await browser.context.newPage();
    const tab = new Tab(page, await browser.context.newCDPSession(page));
    await page.goto(url);
    return tab;
  }

  /** Makes a `HealthyWebSocket` in the page. */
  async connect(url: string, options: object = {}): Promise<void> {
    await this.run(`witness.start(${JSON.stringify(url)}, ${JSON.stringify(options)})`);
  }

  /** Runs a script in the page. */
  run<Value = void>(script: string): Promise<Value> {
    return this.page.evaluate<Value>(script);
  }

  report(): Promise<PageReport> {
    return this.run('witness.report()');
  }

  async events(type: string): Promise<PageEvent[]> {
    return (await this.report()).events.filter((event) => event.type === type);
  }

  /** Resolves with the report as soon as it says so. @throws after `withinMs`, with the last one */
  until(what: string, holds: (report: PageReport) => boolean, withinMs?: number): Promise<PageReport> {
    return untilReport(() => this.report(), what, holds, withinMs);
  }

  /** Stops the page's timers and events, as Chromium does to save memory; a frozen page is hidden, too. */
  async freeze(): Promise<void> {
    await this.session.send('Page.setWebLifecycleState', { state: 'frozen' });
  }

  async resume(): Promise<void> {
    await this.session.send('Page.setWebLifecycleState', { state: 'active' });
  }
}

/** Whether a page has seen an event, `count` times. */
export function has(type: string, count = 1): (report: PageReport) => boolean {
  return ({ events }) => events.filter((event) => event.type === type).length >= count;
}
