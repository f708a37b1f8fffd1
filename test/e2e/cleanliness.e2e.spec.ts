import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import { describe, expect, it } from '@jest/globals';
import { WebSocketGateway, WebSocketServer, type OnGatewayConnection } from '@nestjs/websockets';
import type { WebSocket, WebSocketServer as WsServer } from 'ws';

import { startApp } from '../support/app.js';
import { TestClient } from '../support/client.js';
import { leftovers } from '../support/leftovers.js';
import { sleep, until } from '../support/wait.js';

const OPTIONS = {
  heartbeat: { intervalMs: 300, timeoutMs: 200 },
  sweep: { intervalMs: 200 },
  identify: () => Promise.resolve('ada'),
};

@WebSocketGateway()
class PlainGateway implements OnGatewayConnection {
  @WebSocketServer() readonly server!: WsServer;
  readonly clients: WebSocket[] = [];
  handleConnection(client: WebSocket): void {
    this.clients.push(client);
  }
}

function processListeners(): Record<string, number> {
  return Object.fromEntries(process.eventNames().map((name) => [name, process.listenerCount(name)]));
}

function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
}

async function liveAndClose(): Promise<void> {
  const { app, url, eventsOf } = await startApp([PlainGateway], OPTIONS);
  const silent = await TestClient.connect(url, { answers: false });
  await TestClient.connect(url);
  await until('the silent one is closed', () => silent.closed !== undefined);
  expect(eventsOf('closed')).toHaveLength(1);
  await app.close();
}

describe('after app.close()', () => {
  it('no timer and no listener is left', async () => {
    // What Nest, rxjs and Jest set up once is not ours.
    await liveAndClose();
    await sleep(100);
    const left = leftovers();
    try {
      await liveAndClose();
      // The one that is left is the wait's own.
      await until('every timer has ended', () => left.timers() <= 1);
      await until('every handle is closed', () => left.handlesAreBack());
      expect(left.newListeners()).toEqual([]);
    } finally {
      left.stop();
    }
  });

  it('the server is as it was, and a second close changes nothing', async () => {
    const { app, url } = await startApp([PlainGateway], OPTIONS);
    const { server } = app.get(PlainGateway);
    await TestClient.connect(url);
    const tapped = server.options.WebSocket!;
    const original = Object.getPrototypeOf(tapped) as unknown;
    expect(tapped.name).toBe('WebSocket');
    await app.close();
    expect(server.options.WebSocket).toBe(original);
    expect(Reflect.ownKeys(server).filter((key) => String(key).includes('connection-health'))).toEqual([]);
    const count = server.listenerCount('connection');
    await app.close();
    expect(server.options.WebSocket).toBe(original);
    expect(server.listenerCount('connection')).toBe(count);
  });

  it('nobody is judged or written to, and nothing is told', async () => {
    const running = await startApp([PlainGateway], OPTIONS);
    const client = await TestClient.connect(running.url, { answers: false });
    const [socket] = running.app.get(PlainGateway).clients as [WebSocket];
    await until('it was asked', () => client.pings.length === 1);
    await running.app.close();
    const told = running.events.length;
    socket.emit('message', Buffer.from('{"type":"client_ping","ts":1}'), false);
    await sleep(3 * OPTIONS.heartbeat.intervalMs);
    expect(running.events).toHaveLength(told);
    expect(running.eventsOf('missed')).toEqual([]);
    expect(running.service.connections()).toEqual([]);
    expect(running.service.snapshot().total_connections).toBe(0);
  });

  it('that failed to boot the next one is not disturbed', async () => {
    @WebSocketGateway()
    class RetriedGateway {}
    const failing = startApp([RetriedGateway], OPTIONS, {
      providers: [
        {
          provide: 'broken',
          useFactory: () => {
            throw new Error('broken provider');
          },
        },
      ],
    });
    await expect(failing).rejects.toThrow('broken provider');
    const running = await startApp([RetriedGateway], OPTIONS);
    await TestClient.connect(running.url);
    expect(running.eventsOf('opened')).toHaveLength(1);
    await running.app.close();
  });

  it('fifty apps, one after another, leave as little as one', async () => {
    const round = async (): Promise<void> => {
      const { app, url, eventsOf } = await startApp([PlainGateway], OPTIONS);
      await TestClient.connect(url);
      await app.close();
      expect(eventsOf('opened')).toHaveLength(1);
    };
    for (let count = 0; count < 10; count++) await round();
    collectGarbage();
    const listeners = processListeners();
    const heap = process.memoryUsage().heapUsed;
    for (let count = 0; count < 50; count++) await round();
    await sleep(50);
    collectGarbage();
    expect(Object.getOwnPropertyNames(PlainGateway.prototype).sort()).toEqual([
      ...['constructor', 'handleConnection', 'server'],
    ]);
    expect(processListeners()).toEqual(listeners);
    // An app of this size holds several hundred kilobytes; leftovers of ours would add up.
    expect((process.memoryUsage().heapUsed - heap) / 50).toBeLessThan(100_000);
  }, 60_000);
});
