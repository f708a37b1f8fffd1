import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { INestApplication } from '@nestjs/common';
import { IoAdapter } from '@nestjs/platform-socket.io';
import {
  ConnectedSocket,
  MessageBody,
  SubscribeMessage,
  WebSocketGateway,
  WebSocketServer,
} from '@nestjs/websockets';
import { createAdapter } from '@socket.io/redis-adapter';
import { Redis } from 'ioredis';
import type { ConnectionHealthModuleOptions } from 'nestjs-connection-health';
import { RedisFleetStore } from 'nestjs-connection-health/redis';
import type { Namespace, Server, ServerOptions, Socket } from 'socket.io';
import { io, type Socket as Client } from 'socket.io-client';

import { RedisServer } from '../fleet/support/redis.server.js';
import type { TestApp } from '../support/app.js';
import { useApps } from '../support/apps.js';
import { sleep, until } from '../support/wait.js';

/** Nobody is to be given up here, neither by us nor by a client's own patience, which is the sum of both. */
const TEMPO = { intervalMs: 300, timeoutMs: 200, maxMissed: 50 };
const PINGS = { pingInterval: TEMPO.intervalMs, pingTimeout: 10_000 };
const BEAT_MS = 500;

@WebSocketGateway({ namespace: 'chat', ...PINGS })
class ChatGateway {
  @WebSocketServer() readonly chat!: Namespace;

  @SubscribeMessage('join')
  async join(@ConnectedSocket() client: Socket, @MessageBody() room: string): Promise<string> {
    await client.join(room);
    return room;
  }
}

/** As Nest's documentation has it. */
class RedisIoAdapter extends IoAdapter {
  constructor(
    app: INestApplication,
    private readonly clients: readonly [Redis, Redis],
  ) {
    super(app);
  }

  override createIOServer(port: number, options?: ServerOptions): Server {
    const server = super.createIOServer(port, options) as Server;
    server.adapter(createAdapter(...this.clients));
    return server;
  }
}

describe.each(['observe', 'govern'] as const)('two nodes with the Redis adapter, mode %s', (mode) => {
  let redis: RedisServer;
  const connections: Redis[] = [];
  const clients: Client[] = [];
  beforeAll(async () => void (redis = await RedisServer.start()));
  afterEach(() => clients.splice(0).forEach((client) => client.disconnect()));
  const start = useApps();
  // What the adapter has still to say to Redis is said first.
  afterEach(async () => {
    for (const connection of connections.splice(0)) await connection.quit();
  });
  afterAll(() => redis.end());

  function redisClient(): Redis {
    const client = new Redis(redis.port, '127.0.0.1').on('error', () => undefined);
    connections.push(client);
    return client;
  }

  async function startNode(): Promise<TestApp> {
    const options: ConnectionHealthModuleOptions = {
      heartbeat: TEMPO,
      socketIo: { mode },
      fleet: new RedisFleetStore(redisClient(), { beatMs: BEAT_MS }),
      metrics: false,
    };
    const adapt = (app: INestApplication): void =>
      void app.useWebSocketAdapter(new RedisIoAdapter(app, [redisClient(), redisClient()]));
    return start([ChatGateway], options, { prepare: adapt });
  }

  async function connect(
    { url }: TestApp,
    room: string,
    transports = ['websocket'],
  ): Promise<{ client: Client; heard: unknown[] }> {
    const client = io(`${url.replace('ws:', 'http:')}/chat`, {
      transports,
      forceNew: true,
      reconnection: false,
    });
    clients.push(client);
    const heard: unknown[] = [];
    client.on('news', (data) => heard.push(data));
    await new Promise<void>((resolve, reject) => {
      client.once('connect', resolve).once('connect_error', reject);
    });
    expect(await client.emitWithAck('join', room)).toBe(room);
    return { client, heard };
  }

  it('broadcast to each other undisturbed, and are one fleet', async () => {
    const [a, b] = [await startNode(), await startNode()];
    const ada = await connect(a, 'red');
    const bob = await connect(b, 'red');
    const cleo = await connect(b, 'blue');
    const { chat } = a.app.get(ChatGateway);
    await until('a node knows the other', async () => (await chat.in('red').fetchSockets()).length === 2);

    chat.to('red').emit('news', 'to red');
    chat.emit('news', 'to all');
    await until('all have heard', () => [ada, bob, cleo].every(({ heard }) => heard.at(-1) === 'to all'));
    expect([ada, bob, cleo].map(({ heard }) => heard)).toEqual([
      ['to red', 'to all'],
      ['to red', 'to all'],
      ['to all'],
    ]);
    await sleep(3 * TEMPO.intervalMs);
    expect([a, b].map(({ service }) => service.connections().length)).toEqual([1, 2]);
    expect([a, b].flatMap(({ eventsOf }) => eventsOf('closed'))).toEqual([]);

    const seen = async (): Promise<readonly unknown[]> => (await a.service.fleet.connections()).connections;
    await until('the fleet is known', async () => (await seen()).length === 3);
    for (const connection of await seen())
      expect(connection).toMatchObject({
        gateway: 'ChatGateway',
        transport: 'websocket',
        address: '127.0.0.1',
      });

    expect(b.service.connections()).toMatchObject([
      { transport: 'websocket', namespaces: ['/chat'] },
      { transport: 'websocket', namespaces: ['/chat'] },
    ]);

    const { id } = b.service.connections()[0]!;
    expect(await a.service.fleet.disconnect({ id })).toMatchObject({ closing: 1, partial: false });
    await until('it is closed', () => !bob.client.connected);
    expect(b.eventsOf('closed')).toMatchObject([{ reason: 'evicted', connection: { id } }]);

    // The adapter's own way to close connections of another node.
    chat.in('blue').disconnectSockets(true);
    await until('all of b are gone', () => b.eventsOf('closed').length === 2);
    expect(b.eventsOf('closed')[1]).toMatchObject({ reason: 'clean' });
    expect(ada.client.connected).toBe(true);
    await until('the fleet knows', async () => (await seen()).length === 1);

    const dora = await connect(b, 'green', ['polling']);
    const transportOf = async (): Promise<unknown> =>
      (await a.service.fleet.connections({ node: b.service.fleet.nodeId })).connections[0]?.transport;
    await until('she is seen to poll', async () => (await transportOf()) === 'polling');
    dora.client.close();
    await connect(b, 'green', ['polling', 'websocket']);
    await until('an upgrade is seen', async () => (await transportOf()) === 'websocket');
  });
});
