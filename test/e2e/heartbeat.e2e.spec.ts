import { afterEach, describe, expect, it } from '@jest/globals';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';

import { startApp, type TestApp } from '../support/app.js';
import { TestClient } from '../support/client.js';
import { stallAllowanceMs } from '../support/stalls.js';
import { sleep, until } from '../support/wait.js';

const INTERVAL = 400;
const TIMEOUT = 250;
const TICK = 40;
/** What a loaded machine may add to any of the product's own times. */
const SLACK = 500;

@WebSocketGateway()
class EchoGateway {
  @SubscribeMessage('echo')
  echo(_client: unknown, data: unknown): unknown {
    return { event: 'echo', data };
  }
}

describe('heartbeats', () => {
  let running: TestApp;
  afterEach(() => running.app.close());

  it('closes a silent client with 4001 within interval + timeout + a tick, and never one that answers', async () => {
    running = await startApp([EchoGateway], { heartbeat: { intervalMs: INTERVAL, timeoutMs: TIMEOUT } });
    const living = await Promise.all(Array.from({ length: 5 }, () => TestClient.connect(running.url)));
    const silent = await Promise.all(
      Array.from({ length: 5 }, () => TestClient.connect(running.url, { answers: false })),
    );

    await until('every silent client is closed', () => silent.every(({ closed }) => closed !== undefined));
    // Time in which the loop stood still does not count, and whoever was asked before it is asked once more (R2).
    const stalledMs = stallAllowanceMs(running, TIMEOUT + TICK);
    for (const client of silent) {
      expect(client.closed).toMatchObject({ code: 4001, reason: 'heartbeat timeout' });
      expect(client.closed!.at - client.openedAt).toBeLessThan(INTERVAL + TIMEOUT + TICK + SLACK + stalledMs);
    }
    await sleep(3 * INTERVAL);
    expect(living.map(({ isOpen }) => isOpen)).toEqual([true, true, true, true, true]);
    expect(running.eventsOf('closed').map(({ reason, ghost }) => [reason, ghost])).toEqual(
      Array.from({ length: 5 }, () => ['timeout', 'proxy_answered']),
    );
  });

  it('spreads pings over the interval instead of sending a wave', async () => {
    running = await startApp([EchoGateway], { heartbeat: { intervalMs: 1000, timeoutMs: 500 } });
    const arrivals: number[] = [];
    const clients = await Promise.all(Array.from({ length: 60 }, () => TestClient.connect(running.url)));
    const start = performance.now();
    for (const client of clients) {
      client.socket.once('message', () => arrivals.push(performance.now() - start));
    }
    await until('everybody was asked', () => arrivals.length === 60);
    const perTenth = Array.from(
      { length: 11 },
      (_, tenth) => arrivals.filter((at) => Math.floor(at / 100) === tenth).length,
    );
    expect(Math.max(...perTenth)).toBeLessThanOrEqual(18);
  });

  it('measures latency from its own send time and keeps what the client says of itself', async () => {
    running = await startApp([EchoGateway], { heartbeat: { intervalMs: 200 } });
    const client = await TestClient.connect(running.url, { state: 'hidden' });
    await until('an answer has arrived', () => running.service.connections()[0]?.latencyMs !== undefined);
    const [connection] = running.service.connections();
    expect(connection).toMatchObject({
      clientState: 'hidden',
      missed: 0,
      gateway: 'EchoGateway',
      state: 'open',
    });
    expect(connection!.latencyMs).toBeGreaterThan(0);
    expect(connection!.latencyMs).toBeLessThan(200);
    expect(client.pings[0]).toMatchObject({ interval: 200 });
    expect(client.protocolPings).toBeGreaterThan(0);
  });

  it('answers the client that asks, and lets business messages through beside it', async () => {
    running = await startApp([EchoGateway]);
    const client = await TestClient.connect(running.url);
    client.send({ type: 'client_ping', ts: 12_345 });
    client.send({ event: 'echo', data: { type: 'client_ping', ts: 1 } });
    await until('both were answered', () => client.messages.length === 2);
    expect(client.messages.map((text) => JSON.parse(text) as unknown)).toEqual([
      { type: 'server_pong', ts: 12_345 },
      { event: 'echo', data: { type: 'client_ping', ts: 1 } },
    ]);
  });
});
