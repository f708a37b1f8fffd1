import { afterEach, describe, expect, it, jest } from '@jest/globals';

import { sleep } from '../../support/wait.js';
import { answered, expectOneConnection, expectStayed } from './agreement.js';
import { CLIENT, NOTICE_MS, PATIENT, SLACK_MS, useBrowser } from './browser.stage.js';
import type { ChatServer } from './chat.server.js';
import { has, type Tab } from './tab.js';

jest.setTimeout(60_000);

/** So long a client that may try would have tried several times. */
const TRYING_MS = 4 * CLIENT.backoff.maxMs;

describe('a page without a network', () => {
  const stage = useBrowser();
  // It tells the page, and holds frames back; it ends no connection.
  const setOffline = (isOffline: boolean): Promise<void> => stage.browser.context.setOffline(isOffline);
  afterEach(() => setOffline(false));

  async function connected(server: ChatServer): Promise<Tab> {
    const tab = await stage.connected(server);
    await answered(server);
    return tab;
  }

  it('waits for it, tries nothing, and comes back when it is there', async () => {
    const server = await stage.server();
    const tab = await connected(server);
    await setOffline(true);
    await tab.until('it knows', has('offline'));
    const { attempts, onLine } = await tab.until('it has noticed', has('close'));
    expect({ attempts, onLine }).toEqual({ attempts: 1, onLine: false });
    await tab.run(`witness.say('typed meanwhile')`);
    await sleep(TRYING_MS);
    expect(await tab.report()).toMatchObject({ attempts: 1, live: 0, readyState: 0 });

    const onlineAt = Date.now();
    await setOffline(false);
    const { events } = await tab.until('it is back', has('open', 2));
    expect(events.findLast(({ type }) => type === 'open')!.at - onlineAt).toBeLessThan(
      CLIENT.backoff.initialMs + SLACK_MS,
    );
    await expectOneConnection(server, tab);
    const report = await server.report();
    expect(report.events.filter(({ type }) => type === 'resumed')).toMatchObject([{ reason: 'offline' }]);
    expect(report.messages).toEqual(['typed meanwhile']);
    expect(await tab.report()).toMatchObject({ attempts: 2 });
  });

  it('does not try, either, where it was away before', async () => {
    const server = await stage.server();
    const tab = await connected(server);
    await server.kill();
    await tab.until('it tries', has('attempt', 3));
    await setOffline(true);
    await tab.until('it knows', has('offline'));
    await sleep(CLIENT.connectTimeoutMs);
    const { attempts } = await tab.report();
    await sleep(TRYING_MS);
    expect(await tab.report()).toMatchObject({ attempts, live: 0, readyState: 0 });

    const successor = await stage.server({}, server.port);
    await setOffline(false);
    await tab.until('it is back', has('open', 2));
    await expectOneConnection(successor, tab);
  });

  it('for a moment stays connected', async () => {
    const server = await stage.server(PATIENT);
    // It asks at once when the network goes: the answer comes after the moment.
    const tab = await stage.connected(server, { ...CLIENT, graceMs: 1_500 });
    await answered(server);
    for (let round = 0; round < 3; round++) {
      await setOffline(true);
      await sleep(300);
      await setOffline(false);
      await sleep(600);
    }
    await tab.until('it knows', has('online', 3));
    await sleep(NOTICE_MS);
    await expectStayed(server, tab);
  });
});
