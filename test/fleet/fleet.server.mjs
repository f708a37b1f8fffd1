// A node of a fleet, of the built package. Its argument is JSON: { ports, library, beatMs, isCluster, options }.
// Reports by IPC: { port, node }, { event }, { line }; answers { ask: <method of service.fleet or 'local'>, args, number } with { number, answer }.
import 'reflect-metadata';

import { NestFactory } from '@nestjs/core';
import { WsAdapter } from '@nestjs/platform-ws';
import { WebSocketGateway } from '@nestjs/websockets';
import { Cluster, Redis } from 'ioredis';
import { ConnectionHealthModule, ConnectionHealthService } from 'nestjs-connection-health';
import { RedisFleetStore } from 'nestjs-connection-health/redis';
import { createClient, createCluster } from 'redis';

const { ports, library, beatMs, isCluster = false, options = {} } = JSON.parse(process.argv[2]);
const tell = (message) => process.connected && process.send(message);

class FleetGateway {}
WebSocketGateway()(FleetGateway);

async function connect() {
  const host = '127.0.0.1';
  if (library === 'ioredis') {
    const client = isCluster
      ? new Cluster(
          ports.map((port) => ({ host, port })),
          { clusterRetryStrategy: () => 200, redisOptions: { maxRetriesPerRequest: null } },
        )
      : new Redis({ host, port: ports[0], retryStrategy: () => 200, maxRetriesPerRequest: null });
    client.on('error', () => undefined);
    return client;
  }
  const socket = { reconnectStrategy: () => 200 };
  const client = isCluster
    ? createCluster({
        rootNodes: ports.map((port) => ({ socket: { host, port } })),
        defaults: { socket },
      })
    : createClient({ socket: { host, port: ports[0], ...socket } });
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

const fleet = new RedisFleetStore(await connect(), { beatMs });
const identify = (_client, request) =>
  new URL(request?.url ?? '/', 'http://host').searchParams.get('user') ?? undefined;
const line = (level) => (message) => tell({ line: { level, message } });
const logger = { log: line('log'), warn: line('warn'), error: line('error'), debug: () => undefined };

const app = await NestFactory.create(
  {
    module: class AppModule {},
    imports: [
      ConnectionHealthModule.forRoot({
        fleet,
        identify,
        logging: { level: 'warn' },
        leak: false,
        ...options,
      }),
    ],
    providers: [FleetGateway],
  },
  { logger },
);
app.useWebSocketAdapter(new WsAdapter(app));
const service = app.get(ConnectionHealthService);
service.events$.subscribe((event) => {
  if (/^(fleet_|finding_)/.test(event.type)) tell({ event });
});
process.on('message', async ({ ask, args = [], number }) => {
  if (ask === 'close') {
    await app.close();
    tell({ number, answer: true });
    return;
  }
  const answer = ask === 'local' ? service[args[0]]() : await service.fleet[ask](...args);
  tell({ number, answer });
});
// Whoever started it has gone.
process.on('disconnect', () => process.exit());
await app.listen(0, '127.0.0.1');
tell({ port: app.getHttpServer().address().port, node: service.fleet.nodeId });
