import { describe, expect, it } from '@jest/globals';
import {
  ConnectedSocket,
  SubscribeMessage,
  WebSocketGateway,
  WebSocketServer,
  type OnGatewayDisconnect,
} from '@nestjs/websockets';
import { ConnectionHealthService, type ConnectionSnapshot } from 'nestjs-connection-health';
import type { Server, Socket } from 'socket.io';
import { WebSocket } from 'ws';

import { until } from '../support/wait.js';
import { useIoApps } from './support/io.app.js';
import { useIoClients } from './support/io.client.js';

// A busy machine may take its time: only who is to be given up has to hurry.
const PINGS = { pingInterval: 250, pingTimeout: 3_000 };

@WebSocketGateway({ ...PINGS, connectionStateRecovery: {} })
class ChatGateway implements OnGatewayDisconnect {
  @WebSocketServer() readonly io!: Server;
  readonly left: (ConnectionSnapshot | undefined)[] = [];

  constructor(private readonly health: ConnectionHealthService) {}

  handleDisconnect(client: Socket): void {
    this.left.push(this.health.get(client));
  }

  @SubscribeMessage('login')
  login(@ConnectedSocket() client: Socket): boolean {
    return this.health.identify(client, 'ann');
  }
}

@WebSocketGateway({ namespace: /^\/room-\d+$/, ...PINGS })
class RoomGateway {}

@WebSocketGateway({ allowEIO3: true, pingInterval: 250, pingTimeout: 350 })
class OldClientsGateway {}

describe('a Socket.IO session', () => {
  const connect = useIoClients();
  const start = useIoApps();

  it('on polling is alive by its requests, its latency measured by its pongs', async () => {
    const { service, url } = await start([ChatGateway]);
    await connect(url, { transports: ['polling'] });
    await until('it is asked', () => service.connections()[0]?.latencyMs !== undefined);
    const before = service.connections()[0]!;
    expect(before).toMatchObject({ transport: 'polling', missed: 0 });
    expect(before.lastHopAt).toBeUndefined();
    await until('it is heard of', () => service.connections()[0]!.lastActivityAt > before.lastActivityAt);
  });

  it('has protocol pings beside, which tell a hop from the program', async () => {
    const { service, url } = await start([ChatGateway]);
    await connect(url, { transports: ['websocket'] });
    await until('a pong has come', () => service.connections()[0]?.lastHopAt !== undefined);
    expect(service.connections()).toMatchObject([{ transport: 'websocket', missed: 0 }]);
  });

  it('names the namespaces that its client is in at present, dynamic ones too', async () => {
    const { service, url } = await start([ChatGateway, RoomGateway]);
    const client = await connect(url);
    const rooms = Array.from({ length: 20 }, (_, at) => client.socket.io.socket(`/room-${at}`));
    const names = (): readonly string[] => service.connections()[0]!.namespaces!;
    await until('it is in all', () => rooms.every(({ connected }) => connected));
    expect(names()).toHaveLength(16);
    expect(names()).toContain('/room-3');
    for (const room of rooms.slice(1)) room.disconnect();
    await until('it has left most', () => names().length === 2);
    expect(names()).toEqual(['/', '/room-0']);
  });

  it('is found by the socket of a namespace, also when it is over', async () => {
    const { app, service, url, eventsOf } = await start([ChatGateway]);
    const client = await connect(url);
    expect(await client.socket.emitWithAck('login')).toBe(true);
    expect(service.connections()).toMatchObject([{ identity: 'ann' }]);
    client.socket.disconnect();
    await until('it is over', () => eventsOf('closed').length === 1);
    expect(app.get(ChatGateway).left).toMatchObject([{ identity: 'ann', namespaces: [] }]);
  });

  it('that its client is given back is known as recovered', async () => {
    const { app, service, url, eventsOf } = await start([ChatGateway]);
    const client = await connect(url, { transports: ['websocket'] });
    app.get(ChatGateway).io.emit('news', 1);
    await until('it has the news', () => client.heard.length === 1);
    expect(service.connections()).toMatchObject([{ recovered: false }]);
    client.socket.io.engine.close();
    await until('it is back', () => client.socket.connected && eventsOf('opened').length === 2);
    expect(client.socket.recovered).toBe(true);
    expect(service.connections()).toMatchObject([{ recovered: true }]);
  });

  it('is told of a drain once, also where what it missed is kept for it', async () => {
    const { service, url } = await start([ChatGateway]);
    const client = await connect(url, { transports: ['websocket'], reconnection: false });
    await service.drain();
    // An offset at the end would mean that it is kept, and told again to whoever comes back.
    await until('it is told', () => client.heard.length === 1);
    expect(client.heard).toEqual([{ event: 'server_drain', args: [{ reconnectInMs: expect.any(Number) }] }]);
  });

  it.each(['observe', 'govern'] as const)(
    'whose client asks by itself (Engine.IO 3) is observed, and ended by Engine.IO (%s)',
    async (mode) => {
      const { service, url, eventsOf } = await start([OldClientsGateway], {
        socketIo: { mode },
        heartbeat: { intervalMs: 100 },
      });
      const socket = new WebSocket(`${url}/socket.io/?EIO=3&transport=websocket`);
      const packets: string[] = [];
      socket.on('message', (data) => packets.push(String(data as Buffer)));
      const asking = setInterval(() => socket.readyState === WebSocket.OPEN && socket.send('2'), 100);
      try {
        await until('it is answered', () => packets.filter((packet) => packet === '3').length >= 6);
        expect(packets).not.toContain('2');
        expect(eventsOf('missed')).toEqual([]);
        expect(service.connections()).toMatchObject([
          { transport: 'websocket', namespaces: ['/'], missed: 0 },
        ]);
        expect(service.connections()[0]!.idleMs).toBeLessThan(600);
      } finally {
        clearInterval(asking);
      }
      await until('Engine.IO has waited for long enough', () => eventsOf('closed').length === 1);
      expect(eventsOf('closed')).toMatchObject([{ reason: 'timeout', ghost: expect.any(String) }]);
      expect(eventsOf('missed')).toHaveLength(1);
    },
  );

  it('that answers what nobody has asked is closed as abuse, and told not to come back', async () => {
    const { url, eventsOf } = await start([ChatGateway], { heartbeat: { maxPerInterval: 5 } });
    const client = await connect(url, { transports: ['websocket'] });
    const { ws } = client.socket.io.engine.transport as unknown as { ws: WebSocket };
    for (let times = 0; times < 10; times++) ws.send('3');
    await until('it is closed', () => eventsOf('closed').length === 1);
    expect(eventsOf('closed')).toMatchObject([{ reason: 'abuse', code: 1008 }]);
    await until('it is told', () => client.disconnects.length === 1);
    expect(client.disconnects).toEqual(['io server disconnect']);
  });

  it('counts what waits for a reader that does not read, in all layers', async () => {
    const { app, service, url, eventsOf } = await start([ChatGateway], {
      // Buffers are looked at when a heartbeat is due; that nobody answers it is no reason to close here.
      heartbeat: { intervalMs: 500, timeoutMs: 400, maxMissed: 100 },
      backpressure: { maxBufferedBytes: 500_000, action: 'close' },
      sweep: { closeTimeoutMs: 200 },
    });
    const client = await connect(url, { transports: ['websocket'], reconnection: false });
    const { ws } = client.socket.io.engine.transport as unknown as { ws: WebSocket };
    try {
      ws.pause();
      const data = 'x'.repeat(1e6);
      for (let times = 0; times < 20; times++) app.get(ChatGateway).io.emit('flood', data);
      expect(service.connections()[0]?.bufferedBytes).toBeGreaterThan(10e6);
      await until('it is closed', () => eventsOf('closed').length === 1);
      expect(eventsOf('backpressured')).toHaveLength(1);
      expect(eventsOf('closed')).toMatchObject([{ reason: 'backpressure' }]);
    } finally {
      ws.terminate();
    }
  });
});
