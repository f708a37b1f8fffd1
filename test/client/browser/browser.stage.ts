import { afterAll, afterEach, beforeAll } from '@jest/globals';
import type { ConnectionHealthModuleOptions } from 'nestjs-connection-health';
import type { HealthyWebSocketOptions } from 'nestjs-connection-health/client';

import { ChatServer } from './chat.server.js';
import { Chromium } from './chromium.js';
import { PageHost } from './page.host.js';
import { has, Tab } from './tab.js';

/** Of the servers: small, so that tests take seconds. Milliseconds. */
export const HEARTBEAT = { intervalMs: 800, timeoutMs: 600 };

/** Of the clients. Milliseconds. */
export const CLIENT = {
  graceMs: 400,
  connectTimeoutMs: 1_500,
  backoff: { initialMs: 200, maxMs: 600 },
  minUptimeMs: 500,
};

/** Within it a client has noticed that its server is gone: one interval, one grace period, one more for the answer. */
export const NOTICE_MS = HEARTBEAT.intervalMs + 2 * CLIENT.graceMs;
/** A server that closes nobody for being silent: a client that leaves it does so by its own mistake. */
export const PATIENT = { heartbeat: { ...HEARTBEAT, enforce: 'observe' } } as const;
/** Longer than all deadlines of both sides. */
export const TOO_LONG_MS = 2 * (NOTICE_MS + HEARTBEAT.timeoutMs);
/** The timers of hidden pages run once a second. */
export const THROTTLE_MS = 1_000;
/** What a loaded machine may add. */
export const SLACK_MS = 1_500;

/** What a test in a browser needs; ended after it, whatever happened in it. */
export interface BrowserStage {
  readonly host: PageHost;
  readonly browser: Chromium;
  server(options?: Omit<ConnectionHealthModuleOptions, 'clock'>, port?: number): Promise<ChatServer>;
  /** @param path below the page host */
  tab(path?: string): Promise<Tab>;
  /** A page that connects as soon as it is loaded. */
  connected(server: { readonly url: string }, options?: HealthyWebSocketOptions): Promise<Tab>;
}

/** One browser for a test file, with servers and tabs for each test. */
export function useBrowser(...flags: string[]): BrowserStage {
  let host: PageHost;
  let browser: Chromium;
  const servers: ChatServer[] = [];
  const tabs: Tab[] = [];
  beforeAll(async () => {
    host = await PageHost.start();
    browser = await Chromium.start(...flags);
  }, 60_000);
  afterEach(async () => {
    for (const tab of tabs.splice(0)) await tab.page.close();
    for (const server of servers.splice(0)) await server.kill();
  });
  afterAll(async () => {
    await browser.end();
    await host.end();
  });
  async function tab(path = '/'): Promise<Tab> {
    const opened = await Tab.open(browser, host.url + path);
    tabs.push(opened);
    return opened;
  }
  return {
    tab,
    async connected({ url }, options = CLIENT) {
      const opened = await tab(
        `/?${new URLSearchParams({ url, options: JSON.stringify(options) }).toString()}`,
      );
      await opened.until('it is open', has('open'));
      return opened;
    },
    get host() {
      return host;
    },
    get browser() {
      return browser;
    },
    async server(options = {}, port) {
      const server = await ChatServer.start(
        { heartbeat: HEARTBEAT, logging: { level: 'off' }, ...options },
        port,
      );
      servers.push(server);
      return server;
    },
  };
}
