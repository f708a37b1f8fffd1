import { describe, expect, it, jest } from '@jest/globals';

import { sleep } from '../../support/wait.js';
import { answered, expectOneConnection, expectStayed } from './agreement.js';
import {
  CLIENT,
  NOTICE_MS,
  PATIENT,
  SLACK_MS,
  THROTTLE_MS,
  TOO_LONG_MS,
  useBrowser,
} from './browser.stage.js';
import type { ChatServer } from './chat.server.js';
import { has, type Tab } from './tab.js';

jest.setTimeout(60_000);

/** As Chromium did before, and browsers do that have no such feature; with it, 156 fails the sockets of a frozen page. */
const KEEP_SOCKETS = '--disable-features=DisconnectWebSocketOnBFCache';

function asked(tab: Tab, since: number): boolean {
  return tab.sent.some(({ at, text }) => at >= since && text.includes('"client_ping"'));
}

describe('a page that was frozen, in a browser that keeps its sockets', () => {
  const stage = useBrowser(KEEP_SOCKETS);

  async function frozen(server: ChatServer): Promise<Tab> {
    const tab = await stage.connected(server);
    await answered(server);
    await tab.freeze();
    return tab;
  }

  it('stays where the server lives', async () => {
    const server = await stage.server(PATIENT);
    const tab = await frozen(server);
    await sleep(TOO_LONG_MS);
    const resumedAt = Date.now();
    await tab.resume();
    await tab.until('it is awake', has('resume'));
    await sleep(2 * NOTICE_MS);
    await expectStayed(server, tab);
    const [freeze] = await tab.events('freeze');
    expect(tab.sent.filter(({ at }) => at > freeze!.at + SLACK_MS && at < resumedAt)).toEqual([]);
  });

  it('asks before it leaves where it has heard nothing, and stays if there is an answer', async () => {
    const server = await stage.server(PATIENT);
    const tab = await frozen(server);
    // Stopped, too: not even old messages wait for the page.
    server.stop();
    await sleep(TOO_LONG_MS);
    const resumedAt = Date.now();
    await tab.resume();
    await tab.until('it asks', () => asked(tab, resumedAt));
    server.continue();
    await sleep(2 * NOTICE_MS);
    await expectStayed(server, tab);
  });

  it('leaves where there is no answer', async () => {
    const server = await stage.server();
    const tab = await frozen(server);
    server.stop();
    await sleep(TOO_LONG_MS);
    const resumedAt = Date.now();
    await tab.resume();
    const { events } = await tab.until('it has noticed', has('close'));
    const close = events.find(({ type }) => type === 'close')!;
    expect(close).toMatchObject({ code: 1006, reason: 'dead_server' });
    expect(asked(tab, resumedAt)).toBe(true);
    expect(close.at - resumedAt).toBeGreaterThanOrEqual(CLIENT.graceMs);
    // The page is hidden: what is late is asked again, twice at most.
    expect(close.at - resumedAt).toBeLessThan(3 * (CLIENT.graceMs + THROTTLE_MS) + SLACK_MS);
    server.continue();
    await tab.until('it is back', has('open', 2));
    await expectOneConnection(server, tab);
  });

  it('comes back where the server has closed it meanwhile', async () => {
    const server = await stage.server();
    const tab = await frozen(server);
    await server.until('it is found', ({ connections }) => connections.length === 0);
    await tab.resume();
    await tab.until('it is back', has('open', 2));
    await expectOneConnection(server, tab);
    expect(await tab.events('close')).toMatchObject([{ code: 4001, willReconnect: true }]);
  });

  it('and cannot be kept for the way back, is connected again, once', async () => {
    const server = await stage.server(PATIENT);
    const tab = await stage.connected(server);
    await answered(server);
    await tab.page.goto(`${stage.host.url}/elsewhere`);
    await server.until('its socket is gone', ({ connections }) => connections.length === 0);
    await tab.page.goBack({ waitUntil: 'commit' });
    const { events } = await tab.until('it is back', has('open'));
    expect(events.filter(({ type }) => type === 'pageshow')).toMatchObject([{ persisted: false }]);
    await expectOneConnection(server, tab);
  });
});
