import { afterEach, describe, expect, it } from '@jest/globals';
import { WebSocketGateway } from '@nestjs/websockets';

import { startApp, type TestApp } from '../support/app.js';
import { TestClient } from '../support/client.js';
import { stallAllowanceMs } from '../support/stalls.js';
import { sleep, until } from '../support/wait.js';

const INTERVAL = 1500;
const TIMEOUT = 900;
const TICK = 150;
const HEARTBEAT = { intervalMs: INTERVAL, timeoutMs: TIMEOUT };
const QUIET = { logging: { level: 'off' as const }, drain: false as const };

@WebSocketGateway()
class CrowdGateway {}

/** A client that says who it is. */
type Named = TestClient & { readonly name: string };

async function named(url: string, name: string, answers: boolean): Promise<Named> {
  const client = await TestClient.connect(url, { answers, headers: { 'user-agent': name } });
  return Object.assign(client, { name });
}

async function connect(url: string, count: number, answers: boolean): Promise<Named[]> {
  const clients: Named[] = [];
  while (clients.length < count) {
    const batch = Math.min(100, count - clients.length);
    clients.push(
      ...(await Promise.all(
        Array.from({ length: batch }, (_, at) => named(url, `client ${clients.length + at}`, answers)),
      )),
    );
  }
  return clients;
}

function openOnes(clients: readonly TestClient[]): number {
  return clients.filter(({ isOpen }) => isOpen).length;
}

describe('silence of very many at once', () => {
  let running: TestApp;
  afterEach(() => running.app.close());

  it('is held, asked about again, and closed when it lasts: 600 of 1,000', async () => {
    running = await startApp([CrowdGateway], { heartbeat: HEARTBEAT, ...QUIET });
    const clients = await connect(running.url, 1000, true);
    await sleep(INTERVAL + TIMEOUT);
    const silent = clients.slice(0, 600);
    // Their link is cut: nothing is read, nothing is answered, no FIN is seen.
    for (const client of silent) client.freeze();
    const cutAt = Date.now();
    await until('all of them are given up', () => running.eventsOf('missed').length >= 1200, 40_000);
    const lastGivenUpAt = running.eventsOf('missed').at(-1)!.at;
    expect(lastGivenUpAt - cutAt).toBeLessThan(
      INTERVAL + 2 * TIMEOUT + 2 * TICK + 2_000 + stallAllowanceMs(running, TIMEOUT + TICK),
    );
    expect(running.eventsOf('held')).toHaveLength(600);
    expect(running.eventsOf('mass_timeout').length).toBeGreaterThanOrEqual(1);
    expect(openOnes(clients.slice(600))).toBe(400);
    await until('they are gone', () => running.eventsOf('closed').length === 600, 40_000);
    expect(new Set(running.eventsOf('closed').map(({ reason, ghost }) => `${reason} ${ghost}`))).toEqual(
      new Set(['timeout silent']),
    );
  }, 120_000);

  it('is forgiven whoever answers the second question', async () => {
    running = await startApp([CrowdGateway], { heartbeat: HEARTBEAT, ...QUIET });
    const clients = await connect(running.url, 300, true);
    await sleep(INTERVAL + TIMEOUT);
    const shy = clients.slice(0, 180);
    for (const client of shy) {
      client.answers = false;
      const asked = client.pings.length;
      // The first question has come by then and found no answer; the next one does.
      client.socket.on('message', () => (client.answers ||= client.pings.length > asked));
    }
    await until('everybody was asked', () => shy.every(({ answers }) => answers));
    await sleep(INTERVAL + TIMEOUT);
    expect(openOnes(clients)).toBe(300);
    expect(running.eventsOf('closed')).toEqual([]);
    const held = running.eventsOf('held').length;
    // A stall, on a busy machine, is a reason of its own to ask a second time.
    expect(held).toBeGreaterThanOrEqual(running.eventsOf('stalled').length === 0 ? 180 : 1);
    expect(running.eventsOf('recovered')).toHaveLength(held);
  }, 60_000);

  it('does not protect a few: one of many silent is closed in its own time', async () => {
    running = await startApp([CrowdGateway], { heartbeat: HEARTBEAT, ...QUIET });
    const clients = await connect(running.url, 200, true);
    await sleep(INTERVAL);
    const silent = clients.slice(0, 20);
    for (const client of silent) client.answers = false;
    const since = performance.now();
    await until('they are closed', () => openOnes(silent) === 0);
    expect(performance.now() - since).toBeLessThan(
      INTERVAL + TIMEOUT + TICK + 2_000 + stallAllowanceMs(running, TIMEOUT + TICK),
    );
    expect(running.eventsOf('held')).toEqual([]);
    expect(openOnes(clients)).toBe(180);
  }, 60_000);
});

describe('a crowd of which none has ever answered', () => {
  let running: TestApp;
  afterEach(() => running.app.close());

  it('is held, with an error line, until one answers', async () => {
    const heartbeat = { intervalMs: 1500, timeoutMs: 1000 };
    running = await startApp([CrowdGateway], {
      heartbeat,
      massTimeout: { minConnections: 10 },
      drain: false,
    });
    const clients = await connect(running.url, 120, false);
    await sleep(3 * 1500);
    expect(openOnes(clients)).toBe(120);
    expect(running.eventsOf('clients_do_not_answer')).toHaveLength(1);
    expect(running.eventsOf('missed')).toEqual([]);
    clients[0]!.answers = true;
    await until('the others are closed for their misses', () => openOnes(clients) === 1, 10_000);
    expect(running.eventsOf('clients_answer')).toHaveLength(1);
    expect(clients[0]!.isOpen).toBe(true);
  }, 60_000);

  it('is left to the sweep though it does not even answer protocol pings', async () => {
    running = await startApp([CrowdGateway], {
      heartbeat: { intervalMs: 500, timeoutMs: 300 },
      massTimeout: { minConnections: 10 },
      ...QUIET,
    });
    const clients = await connect(running.url, 60, false);
    for (const client of clients) client.freeze();
    await until('the crowd is mute', () => running.eventsOf('clients_do_not_answer').length === 1);
    await sleep(1500);
    expect(running.eventsOf('missed')).toEqual([]);
    expect(running.eventsOf('closed')).toEqual([]);
  });

  it('is not swept as long as it answers protocol pings', async () => {
    running = await startApp([CrowdGateway], {
      heartbeat: { intervalMs: 300, timeoutMs: 200 },
      sweep: { intervalMs: 100, staleAfterMs: 800 },
      massTimeout: { minConnections: 10 },
      ...QUIET,
    });
    const clients = await connect(running.url, 40, false);
    await sleep(2500);
    expect(running.eventsOf('stale')).toEqual([]);
    expect(openOnes(clients)).toBe(40);
  });
});
