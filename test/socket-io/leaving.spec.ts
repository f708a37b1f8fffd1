import { once } from 'node:events';
import { createServer, get, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

import { afterEach, describe, expect, it } from '@jest/globals';
import { WebSocketGateway } from '@nestjs/websockets';
import { ConnectionHealthSetupError } from 'nestjs-connection-health';
import { Server } from 'socket.io';
import { WebSocket } from 'ws';

import { freePort } from '../support/apps.js';
import { sleep, until, untilSilent } from '../support/wait.js';
import { useIoApps } from './support/io.app.js';
import { useIoChildren } from './support/child.js';
import { useIoClients, type IoClient } from './support/io.client.js';

@WebSocketGateway({ pingInterval: 400, pingTimeout: 3_000 })
class ChatGateway {}

@WebSocketGateway({ namespace: '/game', pingInterval: 400, pingTimeout: 3_000 })
class GameGateway {}

const servers: Server[] = [];

/** A Socket.IO server that Nest knows nothing of. */
async function plainServer(options: object = {}): Promise<{ io: Server; url: string }> {
  const http = createServer().listen(0, '127.0.0.1');
  await once(http, 'listening');
  const io = new Server(http, options);
  servers.push(io);
  return { io, url: `http://127.0.0.1:${(http.address() as AddressInfo).port}` };
}

afterEach(async () => {
  for (const io of servers.splice(0)) await io.close();
});

/** What a handshake is answered with, by polling. */
async function poll(url: string): Promise<IncomingMessage> {
  const request = get(`${url.replace(/^ws/, 'http')}/socket.io/?EIO=4&transport=polling`, { agent: false });
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  response.resume();
  return response;
}

/** What an upgrade is answered with that is not let in; `undefined` for one that is. */
async function upgrade(url: string): Promise<IncomingMessage | undefined> {
  const socket = new WebSocket(`${url.replace(/^http/, 'ws')}/socket.io/?EIO=4&transport=websocket`);
  socket.on('error', () => undefined);
  const refused = once(socket, 'unexpected-response').then(([, response]) => response as IncomingMessage);
  const answer = await Promise.race([refused, once(socket, 'open').then(() => undefined)]);
  socket.terminate();
  return answer;
}

describe('a drain of Socket.IO', () => {
  const connect = useIoClients();
  const start = useIoApps();

  it.each(['websocket', 'polling'])(
    'tells each namespace when to come back, and closes (%s)',
    async (kind) => {
      const { service, url, eventsOf } = await start([ChatGateway, GameGateway], {
        drain: { timeoutMs: 3_000, reconnectSpreadMs: 8_000 },
      });
      const client = await connect(url, { transports: [kind] });
      const game = client.socket.io.socket('/game');
      const told: unknown[] = [];
      game.onAny((event, content) => told.push([event, content]));
      await until('both are joined', () => service.connections()[0]?.namespaces?.length === 2);
      client.socket.io.reconnection(false);
      const report = await service.drain();
      expect(report).toMatchObject({ connections: 1, closed: 1 });
      await until('the client has noticed', () => client.disconnects.length === 1);
      expect(client.heard).toEqual([{ event: 'server_drain', args: [{ reconnectInMs: 4_000 }] }]);
      expect(told).toEqual([['server_drain', { reconnectInMs: 4_000 }]]);
      // Not "io server disconnect": that one would not come back by itself.
      expect(client.disconnects).toEqual(['transport close']);
      expect(eventsOf('closed')).toMatchObject([{ reason: 'shutdown', code: 1012 }]);
    },
  );

  it('refuses newcomers with the time to come back, on both transports, and nobody who is there', async () => {
    const { service, url } = await start([ChatGateway], {
      drain: { readinessDelayMs: 400, timeoutMs: 2_000, spreadMs: 0, reconnectSpreadMs: 8_000 },
    });
    const client = await connect(url, { transports: ['polling'], reconnection: false });
    const drained = service.drain();
    const [polled, upgraded] = [await poll(url), await upgrade(url)];
    expect([polled.statusCode, polled.headers['retry-after']]).toEqual([503, '8']);
    expect([upgraded?.statusCode, upgraded?.headers['retry-after']]).toEqual([503, '8']);
    expect(client.socket.connected).toBe(true);
    await drained;
  });

  it('lets everybody in again where the server outlives the app', async () => {
    const { io, url } = await plainServer();
    const { service, app } = await start([], { drain: { timeoutMs: 200 } });
    service.watch(io, { name: 'plain' });
    await service.drain();
    expect((await poll(url)).statusCode).toBe(503);
    await app.close();
    expect((await poll(url)).statusCode).toBe(200);
    expect(await upgrade(url)).toBeUndefined();
    expect((io.engine as unknown as { middlewares: unknown[] }).middlewares).toEqual([]);
  });
});

describe('a Socket.IO connection that is closed', () => {
  const connectChild = useIoChildren();
  const connect = useIoClients();
  const start = useIoApps();

  it.each(['websocket', 'polling'])('by the sweep comes back by itself (%s)', async (kind) => {
    const { service, url, eventsOf } = await start([ChatGateway]);
    const client = await connect(url, { transports: [kind] });
    await until('it has said something', () => service.connections().length === 1);
    await untilSilent(service, 50);
    await service.sweep({ staleAfterMs: 1 });
    await until('it is back', () => eventsOf('opened').length === 2 && client.socket.connected);
    expect(client.disconnects).toEqual(['transport close']);
    await until('the first is gone', () => eventsOf('closed').length === 1);
    expect(eventsOf('closed')).toMatchObject([{ reason: 'stale_sweep', code: 4000 }]);
  });

  it('by the sweep on polling as an abuser or evicted never comes back', async () => {
    const { service, url, eventsOf } = await start([ChatGateway]);
    const client = await connect(url, { transports: ['polling'] });
    const { id } = service.connections()[0]!;
    await service.disconnect({ id });
    await until('it is told', () => client.disconnects.length === 1);
    expect(client.disconnects).toEqual(['io server disconnect']);
    await until('it is gone', () => eventsOf('closed').length === 1);
    await sleep(150);
    expect(eventsOf('opened')).toHaveLength(1);
  });

  it.each(['websocket', 'polling'] as const)(
    'is counted as closing, not longer than its grace period, when its frozen client does not answer (%s)',
    async (kind) => {
      const { service, url, eventsOf, app } = await start([ChatGateway], { sweep: { closeTimeoutMs: 400 } });
      const child = await connectChild(url, kind);
      await until('it is there', () => service.connections().length === 1);
      await sleep(50);
      child.freeze();
      await sleep(50);
      const { id } = service.connections()[0]!;
      const since = performance.now();
      await service.disconnect({ id }, { code: 1012 });
      // A poll that waits is answered at once, and with it all is said.
      const states = service.connections().map(({ state, namespaces }) => [state, namespaces]);
      expect(states).toEqual(kind === 'websocket' ? [['closing', ['/']]] : []);
      expect(service.snapshot().total_connections).toBe(states.length);
      await until('it is gone', () => eventsOf('closed').length === 1);
      expect(performance.now() - since).toBeLessThan(1_500);
      expect(eventsOf('closed')).toMatchObject([{ reason: 'evicted', code: 1012 }]);
      await until('the server has let go', () => {
        const io = app.get(ChatGateway) as unknown as Record<string, Server>;
        return io['nestjs-connection-health:server']!.engine.clientsCount === 0;
      });
    },
  );

  it('is ended in time where its client never polls again, which Engine.IO waits for 30 s for', async () => {
    const { service, url, eventsOf, app } = await start([ChatGateway], { sweep: { closeTimeoutMs: 300 } });
    expect((await poll(url)).statusCode).toBe(200);
    await until('it is there', () => service.connections().length === 1);
    const { id } = service.connections()[0]!;
    const since = performance.now();
    await service.disconnect({ id }, { code: 1012 });
    expect(service.connections()).toMatchObject([{ id, state: 'closing', transport: 'polling' }]);
    await until('it is gone', () => eventsOf('closed').length === 1);
    expect(performance.now() - since).toBeLessThan(2_000);
    const gateway = app.get(ChatGateway) as unknown as Record<string, Server>;
    expect(gateway['nestjs-connection-health:server']!.engine.clientsCount).toBe(0);
  });

  it('is told apart by who closed it: the app, the client, or a broken transport', async () => {
    const { service, url, eventsOf, app } = await start([ChatGateway]);
    const gateway = app.get(ChatGateway) as unknown as Record<string, Server>;
    const io = gateway['nestjs-connection-health:server']!;
    const ways: [(client: IoClient) => unknown, string][] = [
      [() => io.disconnectSockets(true), 'clean'],
      [(client) => client.socket.disconnect(), 'clean'],
      [() => [...io.sockets.sockets.values()][0]!.conn.transport.emit('error', new Error('boom')), 'error'],
    ];
    for (const [how, reason] of ways) {
      const client = await connect(url, { reconnection: false, transports: ['websocket'] });
      const before = eventsOf('closed').length;
      how(client);
      await until('it is gone', () => eventsOf('closed').length === before + 1);
      expect(eventsOf('closed').at(-1)).toMatchObject({ reason });
      expect(service.snapshot().total_connections).toBe(0);
    }
    const polling = await connect(url, { reconnection: false, transports: ['polling'] });
    polling.socket.disconnect();
    await until('it is gone', () => eventsOf('closed').length === 4);
    expect(eventsOf('closed').at(-1)).toMatchObject({ reason: 'clean', code: 1005 });
  });
});

describe('a Socket.IO server given to watch()', () => {
  const connect = useIoClients();
  const start = useIoApps();

  it.each(['observe', 'govern'] as const)(
    'is left as it was found, and its sockets live on under their own heartbeat (%s)',
    async (mode) => {
      const { io, url } = await plainServer({ pingInterval: 150, pingTimeout: 100 });
      const { service } = await start([], { socketIo: { mode }, heartbeat: { intervalMs: 120 } });
      const early = await connect(url, { transports: ['websocket'] });
      const listenersBefore = countListeners(io, early.socket.id!);
      const stop = service.watch(io, { name: 'plain' });
      expect(service.connections()).toMatchObject([{ gateway: 'plain', namespaces: ['/'], state: 'open' }]);
      await until('it is asked', () => service.connections()[0]?.latencyMs !== undefined);
      expect(() => service.watch(io.of('/'))).toThrow(ConnectionHealthSetupError);
      stop();
      expect(service.connections()).toEqual([]);
      expect(service.get(io.sockets.sockets.get(early.socket.id!)!)).toBeUndefined();
      expect(countListeners(io, early.socket.id!)).toEqual(listenersBefore);
      // Engine.IO asks again, and ends who does not answer.
      const [conn] = Object.values((io.engine as unknown as { clients: Record<string, never> }).clients);
      expect(Object.keys(conn!)).not.toContain('schedulePing');
      let pings = 0;
      early.socket.io.on('ping', () => pings++);
      await until('Engine.IO asks by itself', () => pings >= 2);
      const { ws } = early.socket.io.engine.transport as unknown as { ws: WebSocket };
      early.socket.io.reconnection(false);
      ws.pause();
      await until('Engine.IO ends it', () => io.sockets.sockets.size === 0);
      ws.terminate();
    },
  );

  it('must be attached to an HTTP server', async () => {
    const { service } = await start([]);
    expect(() => service.watch(new Server(), { name: 'early' })).toThrow(
      'watch("early"): expected a WebSocketServer of ws 8.5 or later, or a Socket.IO 4 server that is attached to an HTTP server, got something else',
    );
    expect(await freePort()).toBeGreaterThan(0);
  });
});

/** How many listen to a server, to its engine, and to one of its sockets. */
function countListeners(io: Server, id: string): object {
  const socket = io.sockets.sockets.get(id)!;
  const { conn } = socket;
  const carrier = (conn.transport as unknown as { socket: NodeJS.EventEmitter }).socket;
  return [io.sockets, io.engine, socket, conn, carrier].map((each) => counted(each as never));
}

function counted(emitter: NodeJS.EventEmitter): Record<string, number> {
  return Object.fromEntries(emitter.eventNames().map((name) => [String(name), emitter.listenerCount(name)]));
}
