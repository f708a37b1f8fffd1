import { describe, expect, it } from '@jest/globals';
import { ConnectedSocket, MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import {
  ConnectionHealthService,
  ConnectionInfo,
  OnConnectionClosed,
  OnHeartbeatMissed,
  type ClosedEvent,
  type ConnectionSnapshot,
} from 'nestjs-connection-health';

import { useIoApps } from '../socket-io/support/io.app.js';
import { useIoClients } from '../socket-io/support/io.client.js';
import { MemoryLogger } from '../support/app.js';
import { freePort } from '../support/apps.js';
import { sleep, until } from '../support/wait.js';

const PINGS = { pingInterval: 200, pingTimeout: 3_000 };

@WebSocketGateway(PINGS)
class ChatGateway {
  readonly ends: ClosedEvent[] = [];
  readonly comers: (ConnectionSnapshot | undefined)[] = [];

  constructor(private readonly health: ConnectionHealthService) {}

  handleConnection(client: object): void {
    this.comers.push(this.health.get(client));
  }

  readonly missed: object[] = [];

  @SubscribeMessage('whoami')
  whoami(@ConnectionInfo() connection: ConnectionSnapshot): unknown {
    return { id: connection.id, transport: connection.transport };
  }

  @OnConnectionClosed()
  closed(event: ClosedEvent): void {
    this.ends.push(event);
  }

  @OnHeartbeatMissed()
  noteMissed(event: object): void {
    this.missed.push(event);
  }
}

@WebSocketGateway({ namespace: 'game', ...PINGS })
class GameGateway {
  @SubscribeMessage('move')
  move(@MessageBody() to: string, @ConnectedSocket() _client: object): string {
    return `moved ${to}`;
  }
}

@WebSocketGateway({ namespace: '/slow', pingInterval: 7_000, pingTimeout: 6_000 })
class SlowGateway {}

describe('Socket.IO gateways', () => {
  const connect = useIoClients();
  const start = useIoApps();

  it('track a client once, however many namespaces it joins, and whatever carries it', async () => {
    const { service, url, eventsOf } = await start([ChatGateway, GameGateway]);
    const client = await connect(url, { reconnection: false });
    const game = client.socket.io.socket('/game');
    await until('both namespaces are joined', () => service.connections()[0]?.namespaces?.length === 2);
    await until('it is upgraded', () => service.connections()[0]?.transport === 'websocket');
    const [connection, ...others] = service.connections();
    expect(others).toEqual([]);
    expect(connection).toMatchObject({
      gateway: 'ChatGateway+GameGateway',
      transport: 'websocket',
      namespaces: ['/', '/game'],
      recovered: false,
      path: '/socket.io/',
      state: 'open',
    });
    expect(await client.socket.emitWithAck('whoami')).toEqual({ id: connection!.id, transport: 'websocket' });
    expect(await game.emitWithAck('move', 'left')).toBe('moved left');
    await until('its answers are measured', () => service.connections()[0]?.latencyMs !== undefined);
    client.socket.io.engine.close();
    await until('it is gone', () => eventsOf('closed').length === 1);
    expect(eventsOf('opened')).toHaveLength(1);
    expect(eventsOf('closed')[0]).toMatchObject({
      reason: 'clean',
      connection: { namespaces: ['/', '/game'] },
    });
  });

  it("say at boot which heartbeat holds and where their clients connect: Engine.IO's, on one server", async () => {
    const logger = new MemoryLogger();
    await start([ChatGateway, GameGateway], { heartbeat: { intervalMs: 10_000 } }, { logger });
    expect(logger.textOf('log')).toContain(
      "watching ChatGateway+GameGateway (socket.io, the app's port, path /socket.io, namespaces / and /game): " +
        "heartbeat every 200 ms, timeout 3000 ms, asked and judged by Socket.IO's engine, protocol pings with them",
    );
    expect(logger.textOf('warn')).not.toContain('pingInterval');
  });

  it('name at boot whose pingInterval and pingTimeout did not reach the server that they share', async () => {
    const logger = new MemoryLogger();
    const { service } = await start([ChatGateway, SlowGateway], {}, { logger });
    const warnings = logger.textOf('warn').split('\n');
    // Nest 11 passes on the options of one gateway, Nest 12 those of the other.
    const [wins, loses, real, wanted] = warnings.some((line) => line.startsWith('SlowGateway asks'))
      ? ['Chat', 'Slow', [200, 3_000], [7_000, 6_000]]
      : ['Slow', 'Chat', [7_000, 6_000], [200, 3_000]];
    expect(warnings).toContain(
      `${loses}Gateway asks for pingInterval ${wanted![0]} and pingTimeout ${wanted![1]}, but its server (ChatGateway+SlowGateway) ` +
        `has pingInterval ${real![0]} and pingTimeout ${real![1]}: give all gateways that share it the same options, or ` +
        `${loses}Gateway a port or path of its own`,
    );
    expect(logger.textOf('warn')).not.toContain(`${wins}Gateway asks`);
    expect(service.snapshot().total_connections).toBe(0);
  });

  it('send a client away for good: each namespace is told, and it does not come back by itself', async () => {
    const { service, url, eventsOf, app } = await start([ChatGateway, GameGateway]);
    const client = await connect(url, { transports: ['websocket'] });
    const game = client.socket.io.socket('/game');
    const told: string[] = [];
    game.on('disconnect', (reason) => told.push(reason));
    await until('both namespaces are joined', () => service.connections()[0]?.namespaces?.length === 2);
    const [{ id }] = service.connections() as [ConnectionSnapshot];
    expect(await service.disconnect({ id })).toBe(1);
    await until('it is gone', () => eventsOf('closed').length === 1);
    await until('both are told', () => told.length + client.disconnects.length === 2);
    expect([...told, ...client.disconnects]).toEqual(['io server disconnect', 'io server disconnect']);
    expect(eventsOf('closed')[0]).toMatchObject({
      reason: 'evicted',
      code: 4003,
      connection: { namespaces: ['/', '/game'] },
    });
    expect(app.get(ChatGateway).ends).toHaveLength(1);
    await sleep(200);
    expect(eventsOf('opened')).toHaveLength(1);
  });

  it('let a client that was sent away with a code to come back with do so, and tell it the code', async () => {
    const { service, url, eventsOf } = await start([ChatGateway]);
    const client = await connect(url, { transports: ['websocket'] });
    const details: unknown[] = [];
    client.socket.on('disconnect', (_reason, more) => details.push(more));
    const [{ id }] = service.connections() as [ConnectionSnapshot];
    await service.disconnect({ id }, { code: 1012, reason: 'moved' });
    await until('it is back', () => eventsOf('opened').length === 2);
    expect(client.disconnects).toEqual(['transport close']);
    expect(details).toEqual([
      { description: 'websocket connection closed', context: expect.objectContaining({ code: 1012 }) },
    ]);
    expect(eventsOf('closed')[0]).toMatchObject({
      reason: 'evicted',
      code: 1012,
      evidence: { sentCode: 1012 },
    });
  });

  it('know who a client is from what it said when it joined its first namespace', async () => {
    const { app, service, url, eventsOf } = await start([ChatGateway, GameGateway], {
      identify: (client) => (client as { handshake: { auth: { user: string } } }).handshake.auth.user,
    });
    const client = await connect(url, { auth: { user: 'ann' } });
    const game = client.socket.io.socket('/game', { auth: { user: 'bob' } });
    await until('both are joined', () => service.connections()[0]?.namespaces?.length === 2);
    expect(service.connections()).toMatchObject([{ identity: 'ann' }]);
    // Before the gateway itself got to know it.
    expect(app.get(ChatGateway).comers).toMatchObject([{ identity: 'ann', namespaces: ['/'] }]);
    expect(eventsOf('identified')).toHaveLength(1);
    expect(await service.disconnect({ identity: 'ann' })).toBe(1);
    await until('it is gone', () => service.connections().length === 0);
    game.disconnect();
  });

  it('on a port of their own are watched as well, each server by itself', async () => {
    const port = await freePort();
    @WebSocketGateway(port, PINGS)
    class AloneGateway {}
    const { service, url } = await start([ChatGateway, AloneGateway]);
    await connect(url);
    await connect(`http://127.0.0.1:${port}`);
    expect(
      service
        .connections()
        .map(({ gateway }) => gateway)
        .sort(),
    ).toEqual(['AloneGateway', 'ChatGateway']);
  });
});
