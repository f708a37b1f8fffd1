import { describe, expect, it, jest } from '@jest/globals';

import { sleep } from '../../support/wait.js';
import { answered, expectOneConnection } from './agreement.js';
import { PATIENT, TOO_LONG_MS, useBrowser } from './browser.stage.js';
import { has } from './tab.js';

jest.setTimeout(60_000);

describe('a page that was frozen, in a browser that fails its sockets for it', () => {
  const stage = useBrowser();

  it('comes back, and the server has one connection', async () => {
    const server = await stage.server(PATIENT);
    const tab = await stage.connected(server);
    await answered(server);
    await tab.freeze();
    await sleep(TOO_LONG_MS);
    await tab.resume();
    await tab.until('it is back', has('open', 2));
    await expectOneConnection(server, tab);
    expect(await tab.events('close')).toMatchObject([{ code: 1006, willReconnect: true }]);
  });

  it('is found by the server meanwhile, as one whose browser answers protocol pings', async () => {
    const server = await stage.server();
    const tab = await stage.connected(server);
    await answered(server);
    await tab.freeze();
    const { events } = await server.until('it is found', ({ connections }) => connections.length === 0);
    expect(events.filter(({ type }) => type === 'closed')).toMatchObject([
      { reason: 'timeout', ghost: 'proxy_answered' },
    ]);
    await tab.resume();
    await tab.until('it is back', has('open', 2));
    await expectOneConnection(server, tab);
  });

  it('comes back later where the server has died meanwhile', async () => {
    const server = await stage.server();
    const tab = await stage.connected(server);
    await answered(server);
    await tab.freeze();
    server.stop();
    await sleep(TOO_LONG_MS);
    await tab.resume();
    await tab.until('it tries', has('attempt', 2));
    server.continue();
    await tab.until('it is back', has('open', 2));
    await expectOneConnection(server, tab);
  });

  it('in the back/forward cache is connected again, once', async () => {
    const server = await stage.server(PATIENT);
    const tab = await stage.connected(server);
    await answered(server);
    await tab.page.goto(`${stage.host.url}/elsewhere`);
    await sleep(TOO_LONG_MS);
    await tab.page.goBack({ waitUntil: 'commit' });
    const { events } = await tab.until('it is back', has('open', 2));
    expect(events.filter(({ type }) => type === 'pageshow')).toMatchObject([
      { persisted: false },
      { persisted: true },
    ]);
    await expectOneConnection(server, tab);
  });
});
