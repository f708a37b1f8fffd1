import { describe, expect, it } from '@jest/globals';
import type { INestApplication, Type } from '@nestjs/common';
import {
  WebSocketGateway,
  WebSocketServer,
  type OnGatewayConnection,
  type OnGatewayDisconnect,
} from '@nestjs/websockets';
import {
  ConnectionHealth,
  GraphqlWsCodec,
  SkipConnectionHealth,
  type HeartbeatCodec,
  type HeartbeatOptions,
} from 'nestjs-connection-health';
import type { WebSocket, WebSocketServer as WsServer } from 'ws';

import { MemoryLogger } from '../support/app.js';
import { startWithoutUs, useApps } from '../support/apps.js';
import { TestClient } from '../support/client.js';
import { sleep, until } from '../support/wait.js';

const HEARTBEAT = { intervalMs: 300, timeoutMs: 200 };

const sockets: WebSocket[] = [];

@WebSocketGateway()
class ZebraGateway implements OnGatewayConnection, OnGatewayDisconnect {
  @WebSocketServer() readonly server!: WsServer;
  readonly calls: string[] = [];
  handleConnection(client: WebSocket): void {
    sockets.push(client);
    this.calls.push('connected');
  }
  handleDisconnect(): void {
    this.calls.push('disconnected');
  }
}

@WebSocketGateway()
class AntGateway {
  @WebSocketServer() readonly server!: WsServer;
}

@WebSocketGateway()
class MooseGateway {}

/** What listens on the server's side of a connection once everybody has had a turn to. */
async function listenersOf(socket: WebSocket): Promise<Record<string, number>> {
  await sleep(50);
  return Object.fromEntries(
    ['message', 'close', 'ping', 'pong', 'error'].map((event) => [event, socket.listenerCount(event)]),
  );
}

async function listenersWithoutUs(gateways: Type[]): Promise<Record<string, number>> {
  const { app, url } = await startWithoutUs(gateways);
  await TestClient.connect(url);
  const counts = await listenersOf(sockets.at(-1)!);
  await app.close();
  return counts;
}

function codec(name: string): HeartbeatCodec {
  return { name, recognise: () => undefined, encode: ({ type }) => `${name} ${type}` };
}

/** Two gateways on one path, each with heartbeat options of its own. */
function pair(one: HeartbeatOptions, other: HeartbeatOptions): [Type, Type] {
  @ConnectionHealth({ heartbeat: one })
  @WebSocketGateway({ path: '/pair' })
  class LeftGateway {}
  @ConnectionHealth({ heartbeat: other })
  @WebSocketGateway({ path: '/pair' })
  class RightGateway {}
  return [LeftGateway, RightGateway];
}

describe('gateways that share a server', () => {
  const start = useApps();

  it('have each socket tracked once, under all their names, with one listener of ours at most', async () => {
    const gateways = [ZebraGateway, AntGateway, MooseGateway];
    const before = await listenersWithoutUs(gateways);
    const running = await start(gateways, { heartbeat: HEARTBEAT });
    const client = await TestClient.connect(running.url);
    expect(running.service.connections()).toMatchObject([
      { gateway: 'AntGateway+MooseGateway+ZebraGateway' },
    ]);
    const during = await listenersOf(sockets.at(-1)!);
    for (const [event, count] of Object.entries(during)) {
      expect(count - before[event]!).toBeLessThanOrEqual(1);
    }
    await until('it was asked twice', () => client.pings.length >= 2);
    const [first, second] = client.pings;
    expect(second!.ts - first!.ts).toBeGreaterThan(HEARTBEAT.intervalMs / 2);
    client.socket.close();
    await until('it is gone', () => running.eventsOf('closed').length === 1);
    expect(running.eventsOf('opened')).toHaveLength(1);
    expect(running.app.get(ZebraGateway).calls).toEqual(['connected', 'disconnected']);
    expect(running.app.get(AntGateway).server).toBe(running.app.get(ZebraGateway).server);
  });

  it('are warned about by name when their options differ, and the smaller number holds', async () => {
    const logger = new MemoryLogger();
    const gateways = pair(
      { intervalMs: 10_000, timeoutMs: 250, enforce: 'observe' },
      { intervalMs: 400, timeoutMs: 350 },
    );
    const running = await start(gateways, {}, { logger });
    expect(logger.textOf('warn')).toMatch(/LeftGateway\+RightGateway share one server.*different options/);
    expect(logger.textOf('log')).toMatch(/heartbeat every 400 ms, timeout 250 ms, enforce always/);
    const silent = await TestClient.connect(`${running.url}/pair`, { answers: false });
    await until('it is closed', () => silent.closed !== undefined);
    expect(silent.pings[0]).toMatchObject({ interval: 400 });
  });

  it('are not warned about when their options are the same', async () => {
    const logger = new MemoryLogger();
    await start(pair({ intervalMs: 400 }, { intervalMs: 400 }), {}, { logger });
    expect(logger.textOf('log')).toContain('LeftGateway+RightGateway');
    expect(logger.textOf('warn')).not.toContain('LeftGateway');
  });

  it('stop the boot when they ask for different codecs, and leave nothing on their classes', async () => {
    const gateways = pair({ codec: codec('morse') }, { codec: codec('flags') });
    let app: INestApplication | undefined;
    await expect(start(gateways, {}, { prepare: (nest) => void (app = nest) })).rejects.toThrow(
      /(LeftGateway and RightGateway|RightGateway and LeftGateway) share one server but ask for .* codecs/,
    );
    await app!.close();
    for (const { prototype } of gateways) {
      expect(Reflect.ownKeys(prototype as object)).toEqual(['constructor']);
    }
  });

  it('stop the boot when their codecs have one name but other settings, and not for two that are alike', async () => {
    const leaves = new GraphqlWsCodec({ clientPings: 'leave' });
    await expect(start(pair({ codec: leaves }, { codec: 'graphql-ws' }))).rejects.toThrow(
      /share one server but give the heartbeat codec "graphql-ws" different settings/,
    );
    await start(pair({ codec: new GraphqlWsCodec() }, { codec: 'graphql-ws' }));
    await start(pair({ codec: codec('flags') }, { codec: codec('flags') }));
  });

  it('leave a skipped one alone only where all are skipped, and say so where not', async () => {
    @SkipConnectionHealth()
    @WebSocketGateway({ path: '/shared' })
    class QuietGateway {}
    @WebSocketGateway({ path: '/shared' })
    class WatchedGateway {}
    @SkipConnectionHealth()
    @WebSocketGateway({ path: '/skipped' })
    class SkippedGateway {
      @WebSocketServer() readonly server!: WsServer;
    }
    const logger = new MemoryLogger();
    const gateways = [QuietGateway, WatchedGateway, SkippedGateway];
    const { app, url, service } = await start(gateways, { heartbeat: HEARTBEAT }, { logger });
    expect(logger.textOf('warn')).toMatch(/QuietGateway carries @SkipConnectionHealth\(\) but shares/);
    expect(logger.textOf('warn')).not.toContain('SkippedGateway');
    const [skipped, shared] = await Promise.all([
      TestClient.connect(`${url}/skipped`, { answers: false }),
      TestClient.connect(`${url}/shared`, { answers: false }),
    ]);
    expect(service.connections()).toMatchObject([{ gateway: 'QuietGateway+WatchedGateway' }]);
    await until('the shared one is closed', () => shared.closed !== undefined);
    await sleep(HEARTBEAT.intervalMs);
    expect(skipped).toMatchObject({ isOpen: true, pings: [], protocolPings: 0 });
    expect(app.get(SkippedGateway).server.clients.size).toBe(1);
  });

  it('are left alone without @ConnectionHealth() where only decorated ones are watched', async () => {
    @ConnectionHealth()
    @WebSocketGateway({ path: '/decorated' })
    class DecoratedGateway {}
    @WebSocketGateway({ path: '/plain' })
    class PlainGateway {}
    const logger = new MemoryLogger();
    const options = { heartbeat: HEARTBEAT, gateways: 'decorated' } as const;
    const { url, service } = await start([DecoratedGateway, PlainGateway], options, { logger });
    const [decorated, plain] = await Promise.all([
      TestClient.connect(`${url}/decorated`, { answers: false }),
      TestClient.connect(`${url}/plain`, { answers: false }),
    ]);
    expect(service.connections()).toMatchObject([{ gateway: 'DecoratedGateway' }]);
    expect(logger.textOf('log')).not.toContain('watching PlainGateway');
    expect(logger.textOf('warn')).not.toContain('PlainGateway');
    await until('the decorated one is closed', () => decorated.closed !== undefined);
    await sleep(HEARTBEAT.intervalMs);
    expect(plain).toMatchObject({ isOpen: true, pings: [] });
  });

  it('and those that do not, each by its own @ConnectionHealth() options', async () => {
    @ConnectionHealth({ heartbeat: { intervalMs: 5_000 } })
    @WebSocketGateway({ path: '/slow' })
    class SlowGateway {}
    @ConnectionHealth({ heartbeat: { enforce: 'observe' } })
    @WebSocketGateway({ path: '/lenient' })
    class LenientGateway {}
    @ConnectionHealth({ heartbeat: false, protocolPing: { intervalMs: 100 } })
    @WebSocketGateway({ path: '/protocol' })
    class ProtocolGateway {}
    const logger = new MemoryLogger();
    const gateways = [SlowGateway, LenientGateway, ProtocolGateway];
    const { url, service } = await start(gateways, { heartbeat: HEARTBEAT }, { logger });
    const boot = logger.textOf('log');
    expect(boot).toContain("SlowGateway (ws, the app's port, path /slow): heartbeat every 5000 ms");
    expect(boot).toContain('timeout 200 ms, enforce observe');
    expect(boot).toContain('no heartbeats, protocol pings every 100 ms');
    const [slow, lenient, protocol] = await Promise.all(
      ['slow', 'lenient', 'protocol'].map((path) => TestClient.connect(`${url}/${path}`, { answers: false })),
    );
    await until('the lenient one has missed', () => (service.connections()[1]?.missed ?? 0) > 0);
    await until('the protocol one was pinged', () => protocol!.protocolPings >= 3);
    expect([slow, lenient, protocol].map((client) => client!.isOpen)).toEqual([true, true, true]);
    expect(lenient!.pings[0]).toMatchObject({ interval: 300 });
    expect(protocol!.pings).toEqual([]);
  });
});
