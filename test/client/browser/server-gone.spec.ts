import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { FaultRelay } from 'nestjs-connection-health/testing';

import { answered, expectOneConnection } from './agreement.js';
import { CLIENT, NOTICE_MS, SLACK_MS, useBrowser } from './browser.stage.js';
import type { ChatServer } from './chat.server.js';
import { has, type Tab } from './tab.js';

jest.setTimeout(60_000);

const CONNECT_MS = CLIENT.connectTimeoutMs + CLIENT.backoff.maxMs;

async function expectNoticed(tab: Tab, goneAt: number): Promise<void> {
  const { events } = await tab.until('it has noticed', has('close'));
  const close = events.find(({ type }) => type === 'close')!;
  expect(close).toMatchObject({ code: 1006, reason: 'dead_server', wasClean: false, willReconnect: true });
  expect(close.at - goneAt).toBeLessThan(NOTICE_MS + SLACK_MS);
}

describe('a page', () => {
  const stage = useBrowser();
  const relays: FaultRelay[] = [];
  afterEach(async () => {
    for (const relay of relays.splice(0)) await relay.stop();
  });

  async function connected(server: ChatServer, url = server.url): Promise<Tab> {
    const tab = await stage.connected({ url });
    await answered(server);
    return tab;
  }

  it('whose server is stopped leaves within the bound, and comes back when the server goes on', async () => {
    const server = await stage.server();
    const tab = await connected(server);
    const stoppedAt = Date.now();
    server.stop();
    await expectNoticed(tab, stoppedAt);
    await tab.run(`witness.say('typed meanwhile')`);
    // A stopped process still accepts connections, as far as anybody else can tell.
    await tab.until('it has tried in vain', has('attempt', 3));
    expect(await tab.report()).toMatchObject({ open: 0, readyState: 0 });
    expect((await tab.report()).live).toBeLessThanOrEqual(1);

    server.continue();
    await tab.until('it is back', has('open', 2), CONNECT_MS + SLACK_MS);
    await expectOneConnection(server, tab);
    const { events, messages } = await server.report();
    expect(events.filter(({ type }) => type === 'resumed')).toMatchObject([
      { reason: 'dead_server', connection: { state: 'open' } },
    ]);
    expect(messages).toEqual(['typed meanwhile']);
  });

  it('whose stopped server is replaced comes back to the new one', async () => {
    const server = await stage.server();
    const tab = await connected(server);
    const stoppedAt = Date.now();
    server.stop();
    await expectNoticed(tab, stoppedAt);
    await server.kill();
    const successor = await stage.server({}, server.port);
    await tab.until('it is back', has('open', 2), CONNECT_MS + SLACK_MS);
    await expectOneConnection(successor, tab);
  });

  it('whose server is killed hears it at once, waits, and comes back when another listens there', async () => {
    const server = await stage.server();
    const tab = await connected(server);
    await server.kill();
    const killedAt = Date.now();
    const { events } = await tab.until('it has noticed', has('close'));
    const close = events.find(({ type }) => type === 'close')!;
    expect(close).toMatchObject({ code: 1006, wasClean: false, willReconnect: true });
    expect(close.at - killedAt).toBeLessThan(SLACK_MS);
    for (const text of ['one', 'two', 'three']) await tab.run(`witness.say('${text}')`);
    await tab.until('it has tried in vain', has('attempt', 4));

    const successor = await stage.server({}, server.port);
    await tab.until('it is back', has('open', 2));
    await expectOneConnection(successor, tab);
    const report = await successor.report();
    expect(report.messages).toEqual(['one', 'two', 'three']);
    expect(report.events.filter(({ type }) => type === 'resumed')).toMatchObject([{ reason: 'error' }]);
  });

  it('whose network is cut without a word leaves within the bound, and comes back when it is whole again', async () => {
    const server = await stage.server();
    const relay = await FaultRelay.start({ port: server.port });
    relays.push(relay);
    const tab = await connected(server, relay.url);
    const cutAt = Date.now();
    relay.cut();
    await expectNoticed(tab, cutAt);
    await tab.run(`witness.say('typed meanwhile')`);
    await tab.until('it has tried in vain', has('attempt', 3));
    expect(await tab.report()).toMatchObject({ open: 0, readyState: 0 });

    relay.heal();
    await tab.until('it is back', has('open', 2), CONNECT_MS + SLACK_MS);
    await expectOneConnection(server, tab);
    expect((await server.report()).messages).toEqual(['typed meanwhile']);
  });
});
