import { describe, expect, it, jest } from '@jest/globals';

import { sleep } from '../../support/wait.js';
import { answered, expectOneConnection, expectStayed } from './agreement.js';
import {
  CLIENT,
  HEARTBEAT,
  NOTICE_MS,
  PATIENT,
  SLACK_MS,
  THROTTLE_MS,
  TOO_LONG_MS,
  useBrowser,
} from './browser.stage.js';
import { has } from './tab.js';

jest.setTimeout(60_000);

const stage = useBrowser();

describe('a page behind another', () => {
  it('is not misled by timers that run once a second, and says that it is hidden', async () => {
    const server = await stage.server();
    const tab = await stage.connected(server);
    await answered(server);
    expect((await server.report()).connections).toMatchObject([{ clientState: 'visible' }]);
    await stage.tab('/elsewhere');
    await tab.until('it is hidden', ({ visibility }) => visibility === 'hidden');
    await tab.run(`{ let ticks = 0; setInterval(() => (witness.ticks = ++ticks), 50) }`);
    const since = Date.now();
    await sleep(6 * HEARTBEAT.intervalMs);
    expect(await tab.run<number>('witness.ticks')).toBeLessThan(2 * ((Date.now() - since) / THROTTLE_MS));
    await expectStayed(server, tab);
    expect((await server.report()).connections).toMatchObject([{ clientState: 'hidden' }]);

    await tab.page.bringToFront();
    await server.until('it says so', ({ connections }) => connections[0]?.clientState === 'visible');
    await expectStayed(server, tab);
  });

  it('notices all the same that its server is gone', async () => {
    const server = await stage.server();
    const tab = await stage.connected(server);
    await answered(server);
    await stage.tab('/elsewhere');
    await tab.until('it is hidden', ({ visibility }) => visibility === 'hidden');
    await sleep(2 * HEARTBEAT.intervalMs);
    const stoppedAt = Date.now();
    server.stop();
    const { events } = await tab.until('it has noticed', has('close'), 20_000);
    const noticedMs = events.find(({ type }) => type === 'close')!.at - stoppedAt;
    // Each wait may be a second longer; what is late is asked again, twice at most.
    expect(noticedMs).toBeLessThan(NOTICE_MS + 2 * CLIENT.graceMs + 4 * THROTTLE_MS + SLACK_MS);
    server.continue();
    await tab.until('it is back', has('open', 2));
    await expectOneConnection(server, tab);
  });
});

describe('a page whose main thread is blocked', () => {
  it('for longer than all deadlines stays where the server lives', async () => {
    const server = await stage.server(PATIENT);
    const tab = await stage.connected(server);
    await answered(server);
    await tab.run(`witness.block(${TOO_LONG_MS})`);
    await sleep(NOTICE_MS + HEARTBEAT.intervalMs);
    await expectStayed(server, tab);
  });

  it('again and again, at any moment, stays where the server lives', async () => {
    const server = await stage.server(PATIENT);
    const tab = await stage.connected(server);
    await answered(server);
    for (const end = Date.now() + 12_000; Date.now() < end;) {
      await tab.run(`witness.block(${Math.random() * 1_600})`);
      await sleep(Math.random() * 700);
    }
    await expectStayed(server, tab);
  });

  it('after it has asked does not take a late timer for an answer that did not come', async () => {
    const server = await stage.server(PATIENT);
    const graceMs = 1_000;
    const tab = await stage.connected(server, { ...CLIENT, graceMs });
    await answered(server);
    server.stop();
    await tab.until('it has asked', () => tab.sent.some(({ text }) => text.includes('"client_ping"')));
    await tab.run(`witness.block(${3 * graceMs})`);
    // The server is slow, not gone: it answers within the time that the page should give it from here on.
    await sleep(0.4 * graceMs);
    server.continue();
    await sleep(NOTICE_MS + HEARTBEAT.intervalMs);
    await expectStayed(server, tab);
  });

  it('while it connects does not give up a socket that is open by then', async () => {
    const server = await stage.server(PATIENT);
    const tab = await stage.tab();
    const blockedMs = CLIENT.connectTimeoutMs + 1_000;
    const start = `witness.start(${JSON.stringify(server.url)}, ${JSON.stringify(CLIENT)})`;
    await tab.run(`${start}; witness.block(${blockedMs})`);
    await tab.until('it is open', has('open'));
    await sleep(NOTICE_MS);
    await expectStayed(server, tab);
  });
});
