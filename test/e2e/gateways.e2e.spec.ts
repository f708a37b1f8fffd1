import { describe, expect, it } from '@jest/globals';
import { Injectable, Scope, type INestApplication, type OnModuleInit } from '@nestjs/common';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { WsAdapter } from '@nestjs/platform-ws';
import {
  ConnectedSocket,
  SubscribeMessage,
  WebSocketGateway,
  WebSocketServer,
  type OnGatewayConnection,
} from '@nestjs/websockets';
import { WebSocketServer as WsServer } from 'ws';

import { freePort, useApps } from '../support/apps.js';
import { TestClient } from '../support/client.js';
import { sleep, until } from '../support/wait.js';

const HEARTBEAT = { intervalMs: 300, timeoutMs: 200 };

@WebSocketGateway()
class EchoGateway {
  @SubscribeMessage('echo')
  echo(_client: unknown, data: unknown): unknown {
    return { event: 'echo', data };
  }
}

@WebSocketGateway({ path: '/own' })
class ServerHolder {
  @WebSocketServer() readonly server!: WsServer;
  readonly colour = 'green';
}

@WebSocketGateway({ path: '/scoped' })
@Injectable({ scope: Scope.REQUEST })
class ScopedGateway {
  @SubscribeMessage('echo')
  echo(@ConnectedSocket() _client: unknown): unknown {
    return { event: 'echo', data: 'scoped' };
  }
}

class BaseGateway {
  @WebSocketServer() readonly server!: WsServer;
  @SubscribeMessage('echo')
  echo(): unknown {
    return { event: 'echo', data: this.constructor.name };
  }
}

@WebSocketGateway({ path: '/parent' })
class ParentGateway extends BaseGateway {}

@WebSocketGateway({ path: '/child' })
class ChildGateway extends ParentGateway {}

/** Nest 11's own cannot close a server that does not track its clients. */
class UncountedAdapter extends WsAdapter {
  override close(server: WsServer): Promise<void> {
    server.clients ??= new Set();
    return super.close(server) as Promise<void>;
  }
}

/** Connects one client that answers and one that does not, and waits until only the first is left. */
async function expectWatched(url: string): Promise<TestClient> {
  const [living, silent] = await Promise.all([
    TestClient.connect(url),
    TestClient.connect(url, { answers: false }),
  ]);
  await until('the silent client is closed', () => silent.closed !== undefined);
  expect(silent.closed).toMatchObject({ code: 4001, reason: 'heartbeat timeout' });
  // Its turn may come later than the other's end: beats are spread over the interval.
  await until('the living client is asked', () => living.pings.length > 0);
  expect(living.isOpen).toBe(true);
  return living;
}

async function expectEcho(client: TestClient, data: unknown): Promise<void> {
  client.send({ event: 'echo', data });
  await until('the echo has come', () => client.messages.length === 1);
  expect(JSON.parse(client.messages[0]!)).toEqual({ event: 'echo', data });
}

describe('one import reaches', () => {
  const start = useApps();

  const platforms = {
    Express: undefined,
    Fastify: (module: { createNestApplication(adapter?: unknown): INestApplication }) =>
      module.createNestApplication(new FastifyAdapter()),
  };
  it.each(['Express', 'Fastify'] as const)("a gateway on the app's own server, with %s", async (name) => {
    const app = await start([EchoGateway], { heartbeat: HEARTBEAT }, {
      platform: platforms[name],
    } as Parameters<typeof start>[2]);
    await expectEcho(await expectWatched(app.url), 'hello');
    expect(app.service.connections()).toMatchObject([{ gateway: 'EchoGateway', path: '/' }]);
  });

  it('a gateway on a port of its own, with and without a path, and leaves its property filled', async () => {
    const ports = [await freePort(), await freePort()] as const;
    @WebSocketGateway(ports[0])
    class PortGateway {
      @WebSocketServer() readonly server!: WsServer;
    }
    @WebSocketGateway(ports[1], { path: '/deep' })
    class DeepGateway {}
    const { app, service } = await start([PortGateway, DeepGateway], { heartbeat: HEARTBEAT });
    await Promise.all([
      expectWatched(`ws://127.0.0.1:${ports[0]}`),
      expectWatched(`ws://127.0.0.1:${ports[1]}/deep`),
    ]);
    expect(service.connections().map(({ gateway }) => gateway)).toEqual(
      expect.arrayContaining(['PortGateway', 'DeepGateway']),
    );
    expect(app.get(PortGateway).server.clients.size).toBe(1);
  });

  it('a client that connects to a port of its own while the app is still starting', async () => {
    const port = await freePort();
    const early: TestClient[] = [];
    @WebSocketGateway(port)
    class EarlyGateway {}
    @Injectable()
    class Slow implements OnModuleInit {
      async onModuleInit(): Promise<void> {
        early.push(await TestClient.connect(`ws://127.0.0.1:${port}`));
        early.push(await TestClient.connect(`ws://127.0.0.1:${port}`, { answers: false }));
        await sleep(2 * HEARTBEAT.intervalMs);
      }
    }
    const app = await start([EarlyGateway], { heartbeat: HEARTBEAT }, { providers: [Slow] });
    expect(app.service.connections()).toHaveLength(2);
    await until('the silent one is closed', () => early[1]!.closed !== undefined);
    expect(early[1]!.closed).toMatchObject({ code: 4001 });
    await sleep(2 * HEARTBEAT.intervalMs);
    expect(early[0]!.isOpen).toBe(true);
  });

  it('does not take the time that the app needs to start for a stall', async () => {
    @Injectable()
    class Slow implements OnModuleInit {
      onModuleInit(): Promise<void> {
        return sleep(1_000);
      }
    }
    const heartbeat = { intervalMs: 2_000, timeoutMs: 1_000 };
    const app = await start([EchoGateway], { heartbeat }, { providers: [Slow] });
    await sleep(600);
    expect(app.eventsOf('stalled').filter(({ stalledMs }) => stalledMs > 700)).toEqual([]);
  });

  it('a request-scoped gateway and one that inherits from another', async () => {
    const app = await start([ScopedGateway, ParentGateway, ChildGateway], { heartbeat: HEARTBEAT });
    const [scoped, parent, child] = await Promise.all(
      ['scoped', 'parent', 'child'].map((path) => expectWatched(`${app.url}/${path}`)),
    );
    await expectEcho(scoped!, 'scoped');
    await expectEcho(parent!, 'ParentGateway');
    await expectEcho(child!, 'ChildGateway');
    const label = (path: string): string | undefined =>
      app.service.connections().find((connection) => connection.path === path)?.gateway;
    expect(['/scoped', '/parent', '/child'].map(label)).toEqual([
      'ScopedGateway',
      'ParentGateway',
      'ChildGateway',
    ]);
    const [first, second] = [ParentGateway, ChildGateway].map((Gateway) => app.app.get(Gateway).server);
    expect(first!.clients.size).toBe(1);
    expect(second!.clients.size).toBe(1);
    expect(first).not.toBe(second);
  });

  it('a server that does not track its clients', async () => {
    @WebSocketGateway({ clientTracking: false })
    class UncountedGateway implements OnGatewayConnection {
      @WebSocketServer() readonly server!: WsServer;
      readonly seen: unknown[] = [];
      handleConnection(client: unknown): void {
        this.seen.push(client);
      }
    }
    const { app, url, service } = await start(
      [UncountedGateway],
      { heartbeat: HEARTBEAT },
      {
        adapter: (nest: INestApplication) => new UncountedAdapter(nest),
      },
    );
    const living = await expectWatched(url);
    const gateway = app.get(UncountedGateway);
    expect(gateway.server.clients).toBeUndefined();
    expect(gateway.seen).toHaveLength(2);
    expect(service.connections()).toHaveLength(1);
    living.socket.close();
    await until('it is gone', () => service.connections().length === 0);
  });

  it('an app without gateways, whose boot says so', async () => {
    const { service, app } = await start([]);
    expect(service.connections()).toEqual([]);
    expect(service.snapshot()).toMatchObject({ total_connections: 0, gateways: {} });
    await expect(service.sweep()).resolves.toMatchObject({ examined: 0, closed: 0 });
    await expect(app.close()).resolves.toBeUndefined();
  });

  it('a gateway behind an adapter of its own, whose clients it names as they are', async () => {
    const seen: number[] = [];
    class CountingAdapter extends WsAdapter {
      override create(...args: Parameters<WsAdapter['create']>): unknown {
        seen.push(args[0]);
        return super.create(...args) as unknown;
      }
    }
    const app = await start(
      [EchoGateway],
      { heartbeat: HEARTBEAT },
      {
        adapter: (nest: INestApplication) => new CountingAdapter(nest),
      },
    );
    await expectWatched(app.url);
    expect(seen).toEqual([0]);
  });

  it('and shows nothing of itself on a gateway', async () => {
    const { app, url } = await start([ServerHolder]);
    await TestClient.connect(`${url}/own`);
    const gateway = app.get(ServerHolder);
    expect(Object.keys(gateway).sort()).toEqual(['colour', 'server']);
    expect(JSON.stringify({ ...gateway, server: undefined })).toBe('{"colour":"green"}');
    expect(JSON.stringify(gateway)).not.toContain('connection-health');
    expect(gateway.server.clients.size).toBe(1);
  });
});
