import { once } from 'node:events';
import type { AddressInfo } from 'node:net';

import { afterEach, describe, expect, it } from '@jest/globals';
import { OnConnectionClosed, type ClosedEvent } from 'nestjs-connection-health';
import { WebSocketGateway, WebSocketServer } from '@nestjs/websockets';
import { WebSocket, WebSocketServer as WsServer } from 'ws';

import { useApps } from '../support/apps.js';
import { TestClient } from '../support/client.js';
import { sleep, until } from '../support/wait.js';

const HEARTBEAT = { intervalMs: 300, timeoutMs: 200 };

describe('watch()', () => {
  const start = useApps();
  const servers: WsServer[] = [];
  afterEach(() => {
    for (const server of servers.splice(0)) {
      for (const client of server.clients) client.terminate();
      server.close();
    }
  });

  async function listen(): Promise<{ server: WsServer; url: string }> {
    const server = new WsServer({ port: 0, host: '127.0.0.1' });
    servers.push(server);
    await once(server, 'listening');
    return { server, url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}` };
  }

  it('takes a server that Nest did not create, with the sockets it has already', async () => {
    const { server, url } = await listen();
    const texts: string[] = [];
    server.on('connection', (socket) => socket.on('message', (data) => texts.push(String(data as Buffer))));
    const early = [await TestClient.connect(url), await TestClient.connect(url, { answers: false })];
    const running = await start([], { heartbeat: HEARTBEAT });
    running.service.watch(server, { name: 'legacy' });
    const late = [await TestClient.connect(url), await TestClient.connect(url, { answers: false })];
    const names = running.service.connections().map(({ gateway, transport }) => [gateway, transport]);
    expect(names).toEqual(Array.from({ length: 4 }, () => ['legacy', 'ws']));

    await until('the silent ones are closed', () => [early, late].every(([, silent]) => silent!.closed));
    early[0]!.socket.send('from early');
    late[0]!.socket.send('from late');
    await until('what they say has arrived', () => texts.length === 2);
    expect(texts.toSorted()).toEqual(['from early', 'from late']);
    expect([early, late].map(([living]) => living!.isOpen)).toEqual([true, true]);
    expect(running.eventsOf('closed').map(({ reason }) => reason)).toEqual(['timeout', 'timeout']);
  });

  it('is over when its function is called: sockets stay, and are neither asked nor judged nor listed', async () => {
    const { server, url } = await listen();
    const original = server.options.WebSocket;
    const early = await TestClient.connect(url);
    const running = await start([], { heartbeat: HEARTBEAT });
    const unwatch = running.service.watch(server, { name: 'legacy' });
    const late = await TestClient.connect(url);
    await until('both were asked', () => early.pings.length > 0 && late.pings.length > 0);
    unwatch();
    expect(server.options.WebSocket).toBe(original);
    expect(running.service.connections()).toEqual([]);
    const after = await TestClient.connect(url);
    const asked = [early, late, after].map(({ pings }) => pings.length);
    for (const client of [early, late, after]) client.answers = false;
    await sleep(4 * HEARTBEAT.intervalMs);
    expect([early, late, after].map(({ pings }) => pings.length)).toEqual(asked);
    expect([early, late, after].map(({ isOpen }) => isOpen)).toEqual([true, true, true]);
    expect(running.eventsOf('missed')).toEqual([]);
  });

  it('can begin anew after it was over', async () => {
    const { server, url } = await listen();
    const early = await TestClient.connect(url, { answers: false });
    const running = await start([], { heartbeat: HEARTBEAT });
    running.service.watch(server, { name: 'first' })();
    const between = await TestClient.connect(url, { answers: false });
    const second = running.service.watch(server, { name: 'second' });
    second();
    running.service.watch(server, { name: 'third' });
    expect(running.service.connections().map(({ gateway }) => gateway)).toEqual(['third', 'third']);
    await until('both are closed', () => early.closed !== undefined && between.closed !== undefined);
    second();
    const after = await TestClient.connect(url, { answers: false });
    await until('a later one is closed too', () => after.closed !== undefined);
  });

  it('tracks a socket once, however often it is announced', async () => {
    const { server, url } = await listen();
    const running = await start([], { heartbeat: HEARTBEAT });
    running.service.watch(server);
    const client = await TestClient.connect(url);
    for (const socket of server.clients) server.emit('connection', socket);
    client.socket.close();
    await until('it is gone', () => running.eventsOf('closed').length === 1);
    expect(running.eventsOf('opened')).toHaveLength(1);
    expect(running.service.connections()).toEqual([]);
  });

  it('refuses what is watched already and what is no server', async () => {
    const { server, url } = await listen();
    @WebSocketGateway()
    class OwnGateway {
      @WebSocketServer() readonly server!: WsServer;
    }
    const { app, service } = await start([OwnGateway]);
    service.watch(server, { name: 'legacy' });
    const code = 'ALREADY_WATCHED';
    expect(() => service.watch(server, { name: 'again' })).toThrow(
      expect.objectContaining({ name: 'ConnectionHealthSetupError', code }),
    );
    expect(() => service.watch(app.get(OwnGateway).server)).toThrow(/is watched already/);
    for (const wrong of [{}, app.getHttpServer() as object, 'ws', null, undefined]) {
      expect(() => service.watch(wrong as object, { name: 'wrong' })).toThrow(/watch\("wrong"\): expected a/);
    }
    expect(() => service.watch(server, { heartbeat: { intervalMs: -1 } })).toThrow(
      /option "watch\("server"\): heartbeat.intervalMs"/,
    );
    await TestClient.connect(url);
    expect(service.connections()).toMatchObject([{ gateway: 'legacy' }]);
    const { server: other } = await listen();
    expect(() => service.watch(other, { typo: true } as object)).toThrow(/typo/);
    expect(() => service.watch(other)).not.toThrow();
  });

  it('refuses a server that another app watches, and takes it when that is over', async () => {
    const { server } = await listen();
    const [one, two] = [await start([]), await start([])];
    const unwatch = one.service.watch(server);
    expect(() => two.service.watch(server)).toThrow(/watched already/);
    unwatch();
    expect(() => two.service.watch(server)).not.toThrow();
  });

  it("looks as often as the server's own interval asks for, however long the app's is", async () => {
    const { server, url } = await listen();
    const { service } = await start([]);
    service.watch(server, { heartbeat: { intervalMs: 100, timeoutMs: 50 } });
    const client = await TestClient.connect(url);
    await until('it was asked', () => client.pings.length > 0);
    const askedAt = performance.now();
    await until('it was asked ten times more', () => client.pings.length > 10);
    expect((performance.now() - askedAt) / 10).toBeLessThan(200);
  });

  it('tells no gateway of the connections of a server that only has the same name', async () => {
    const { server, url } = await listen();
    const heard: ClosedEvent[] = [];
    @WebSocketGateway()
    class SameGateway {
      @OnConnectionClosed()
      onClosed(event: ClosedEvent): void {
        heard.push(event);
      }
    }
    const running = await start([SameGateway]);
    running.service.watch(server, { name: 'SameGateway' });
    const clients = [await TestClient.connect(url), await TestClient.connect(`${running.url}/?own`)];
    for (const client of clients) client.socket.close();
    await until('both are gone', () => running.eventsOf('closed').length === 2);
    expect(heard).toHaveLength(1);
  });

  it('survives the end of the app: the server and its sockets live on without us', async () => {
    const { server, url } = await listen();
    const original = server.options.WebSocket;
    const early = await TestClient.connect(url, { answers: false });
    const running = await start([], { heartbeat: HEARTBEAT, drain: false });
    running.service.watch(server);
    const late = await TestClient.connect(url, { answers: false });
    await running.app.close();
    expect(server.options.WebSocket).toBe(original);
    expect(server.listenerCount('connection')).toBe(0);
    const texts: string[] = [];
    for (const socket of server.clients) socket.on('message', (data) => texts.push(String(data as Buffer)));
    early.send({ type: 'client_ping', ts: 1 });
    late.send({ type: 'client_ping', ts: 1 });
    await until('both were heard, unfiltered', () => texts.length === 2);
    await sleep(3 * HEARTBEAT.intervalMs);
    expect([early.isOpen, late.isOpen, server.clients.size]).toEqual([true, true, 2]);
    expect(WebSocket.OPEN).toBe(early.socket.readyState);
  });
});
