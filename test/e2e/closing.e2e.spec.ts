import { once } from 'node:events';
import { connect } from 'node:net';

import { describe, expect, it } from '@jest/globals';
import { WebSocketGateway, type OnGatewayConnection } from '@nestjs/websockets';
import type { WebSocket } from 'ws';

import type { TestApp } from '../support/app.js';
import { useApps } from '../support/apps.js';
import { TestClient } from '../support/client.js';
import { sleep, until } from '../support/wait.js';

const CLOSE_TIMEOUT = 500;
const OPTIONS = { sweep: { closeTimeoutMs: CLOSE_TIMEOUT } };

@WebSocketGateway()
class PlainGateway implements OnGatewayConnection {
  readonly clients: WebSocket[] = [];
  handleConnection(client: WebSocket): void {
    this.clients.push(client);
  }
}

function counts({ service, eventsOf }: TestApp): Record<string, number | undefined> {
  return {
    active: service.snapshot().total_connections,
    closing: service.snapshot().gateways['PlainGateway']?.closing ?? 0,
    balance: eventsOf('opened').length - eventsOf('closed').length,
  };
}

describe('closing', () => {
  const start = useApps();

  it('ends after closeTimeoutMs for a peer that never answers, which is counted until then', async () => {
    const running = await start([PlainGateway], OPTIONS);
    const frozen = await TestClient.connect(running.url);
    frozen.freeze();
    const startedAt = performance.now();
    await running.service.disconnect({ id: running.service.connections()[0]!.id });
    expect(counts(running)).toEqual({ active: 1, closing: 1, balance: 1 });
    expect(running.service.connections({ state: 'closing' })).toHaveLength(1);
    expect(running.service.connections({ state: 'open' })).toEqual([]);
    await expect(running.service.disconnect({ id: running.service.connections()[0]!.id })).resolves.toBe(0);
    await sleep(CLOSE_TIMEOUT / 2);
    expect(counts(running)).toEqual({ active: 1, closing: 1, balance: 1 });
    await until('it is gone', () => running.eventsOf('closed').length === 1);
    expect(performance.now() - startedAt).toBeGreaterThan(CLOSE_TIMEOUT - 20);
    expect(counts(running)).toEqual({ active: 0, closing: 0, balance: 0 });
    expect(running.eventsOf('closed')).toMatchObject([
      { reason: 'evicted', code: 4003, evidence: { sentCode: 4003, receivedCode: 1006 } },
    ]);
  });

  it('that the app began ends as surely', async () => {
    const running = await start([PlainGateway], OPTIONS);
    const frozen = await TestClient.connect(running.url);
    frozen.freeze();
    running.app.get(PlainGateway).clients[0]!.close(4444, 'by the app');
    expect(counts(running)).toEqual({ active: 1, closing: 1, balance: 1 });
    await until('it is gone', () => running.eventsOf('closed').length === 1);
    expect(running.eventsOf('closed')).toMatchObject([{ reason: 'error', code: 1006 }]);
    expect(counts(running)).toEqual({ active: 0, closing: 0, balance: 0 });
  });

  it('has a name for whoever began it and however it ended', async () => {
    const running = await start([PlainGateway], OPTIONS);
    const began: [name: string, reason: string, code: number, begin: (client: TestClient) => void][] = [
      ['goes away', 'clean', 1001, ({ socket }) => socket.close(1001, 'navigated')],
      ['says nothing', 'clean', 1005, ({ socket }) => socket.close()],
      ['has its own code', 'clean', 4321, ({ socket }) => socket.close(4321)],
      ['reports an error', 'error', 1011, ({ socket }) => socket.close(1011)],
      ['vanishes', 'error', 1006, ({ socket }) => socket.terminate()],
    ];
    for (const [name, reason, code, begin] of began) {
      const client = await TestClient.connect(running.url);
      begin(client);
      await until(`it is gone: ${name}`, () => running.service.connections().length === 0);
      const closed = running.eventsOf('closed').at(-1);
      expect([name, closed?.reason, closed?.code]).toEqual([name, reason, code]);
      expect([name, closed?.ghost]).toEqual([name, undefined]);
    }
    expect(running.eventsOf('closed')[0]!.evidence).toMatchObject({
      receivedCode: 1001,
      receivedText: 'navigated',
    });
    expect(counts(running)).toEqual({ active: 0, closing: 0, balance: 0 });
  });

  it('by the app with a full handshake is clean', async () => {
    const running = await start([PlainGateway], OPTIONS);
    const client = await TestClient.connect(running.url);
    running.app.get(PlainGateway).clients[0]!.close(4444, 'by the app');
    await until('it is gone', () => running.eventsOf('closed').length === 1);
    expect(client.closed).toMatchObject({ code: 4444, reason: 'by the app' });
    expect(running.eventsOf('closed')).toMatchObject([{ reason: 'clean', code: 4444 }]);
  });

  it('balances whatever happens: opened minus closed is what is active', async () => {
    const running = await start([PlainGateway], OPTIONS);
    const ways = [
      (client: TestClient) => client.socket.close(),
      (client: TestClient) => client.socket.terminate(),
      (client: TestClient) => client.freeze(),
      () => undefined,
    ];
    const clients = await Promise.all(Array.from({ length: 40 }, () => TestClient.connect(running.url)));
    for (const [index, client] of clients.entries()) ways[index % ways.length]!(client);
    for (const { id } of running.service.connections().slice(0, 20)) {
      await running.service.disconnect({ id });
      const { active, balance } = counts(running);
      expect(balance).toBe(active);
    }
    await until('who can be gone is gone', () => running.eventsOf('closed').length >= 30);
    await sleep(2 * CLOSE_TIMEOUT);
    const { active, closing, balance } = counts(running);
    expect(balance).toBe(active);
    expect(closing).toBe(0);
    expect(active).toBe(40 - running.eventsOf('closed').length);
  });

  it("of the whole app leaves nobody's end untold", async () => {
    const running = await start([PlainGateway], OPTIONS);
    await Promise.all(Array.from({ length: 5 }, () => TestClient.connect(running.url)));
    expect(counts(running)).toEqual({ active: 5, closing: 0, balance: 5 });
    await running.app.close();
    expect(running.eventsOf('closed')).toHaveLength(5);
    expect(running.service.connections()).toEqual([]);
  });

  it('of the whole app does not wait for one that never got to its handshake, where Nest is told to cut', async () => {
    const running = await start([PlainGateway], OPTIONS, {
      platform: (module) => module.createNestApplication({ forceCloseConnections: true }),
    });
    await TestClient.connect(running.url);
    const silent = connect(Number(new URL(running.url).port), '127.0.0.1').on('error', () => undefined);
    await once(silent, 'connect');
    const cut = once(silent, 'close');
    await running.app.close();
    await cut;
    expect(running.eventsOf('closed')).toMatchObject([{ reason: 'shutdown', code: 1012 }]);
  });
});
