import type { Socket } from 'node:net';

import { describe, expect, it } from '@jest/globals';
import { WebSocketGateway, WebSocketServer } from '@nestjs/websockets';
import type { ConnectionHealthModuleOptions } from 'nestjs-connection-health';
import type { Server } from 'socket.io';
import type { WebSocket, WebSocketServer as WsServer } from 'ws';

import type { ConnectionHealthRuntime } from '../../lib/connection-health.runtime.js';
import type { TestApp } from '../support/app.js';
import { useApps } from '../support/apps.js';
import { useIoApps } from '../socket-io/support/io.app.js';
import { useIoClients } from '../socket-io/support/io.client.js';
import { TestClient } from '../support/client.js';
import { sleep, until } from '../support/wait.js';

const OPTIONS: ConnectionHealthModuleOptions = {
  heartbeat: { intervalMs: 300, timeoutMs: 200 },
  sweep: { intervalMs: 100, closeTimeoutMs: 150 },
  drain: false,
};

@WebSocketGateway()
class MismatchGateway {
  @WebSocketServer() readonly server!: WsServer;
  readonly clients: WebSocket[] = [];
  handleConnection(client: WebSocket): void {
    this.clients.push(client);
  }
}

@WebSocketGateway()
class IoGateway {
  @WebSocketServer() readonly server!: Server;
}

function rawOf(socket: WebSocket): Socket {
  return (socket as unknown as { _socket: Socket })._socket;
}

function runtimeOf({ service }: TestApp): ConnectionHealthRuntime {
  return service['runtime'];
}

function balanceOf(running: TestApp): number {
  const { opened, closed, size } = runtimeOf(running).registry;
  expect(opened - closed).toBe(size);
  return size;
}

describe('what the server knows and what we know', () => {
  const startApp = useApps();

  async function open(): Promise<{ running: TestApp; client: TestClient; socket: WebSocket }> {
    const running = await startApp([MismatchGateway], OPTIONS);
    const client = await TestClient.connect(running.url);
    const [socket] = running.app.get(MismatchGateway).clients;
    return { running, client, socket: socket! };
  }

  it('is the same as long as nothing is wrong', async () => {
    const { running } = await open();
    await sleep(500);
    expect(running.eventsOf('registry_mismatch')).toEqual([]);
    expect(balanceOf(running)).toBe(1);
  });

  it('is made the same when a socket has come without an event, which is then asked as everybody is', async () => {
    const { running } = await open();
    const { server } = running.app.get(MismatchGateway);
    const emit = server.emit.bind(server);
    // An adapter that swallows the event: neither Nest nor we hear of the client.
    server.emit = (name: string, ...args: unknown[]) =>
      name !== 'connection' && Reflect.apply(emit, server, [name, ...args]);
    const unheard = await TestClient.connect(running.url, { answers: false });
    expect(running.service.snapshot().total_connections).toBe(1);
    await until('it is found', () => running.eventsOf('registry_mismatch').length === 1);
    expect(running.eventsOf('registry_mismatch')[0]).toMatchObject({
      gateway: 'MismatchGateway',
      untracked: 1,
      vanished: 0,
    });
    expect(running.eventsOf('opened')).toHaveLength(2);
    await until('its silence is noticed', () => unheard.closed?.code === 4001);
    await until('it is gone', () => balanceOf(running) === 1);
    expect(running.eventsOf('registry_mismatch')).toHaveLength(1);
  });

  it('is made the same when a socket is gone and nobody was told', async () => {
    const { running, client, socket } = await open();
    const raw = rawOf(socket);
    // Without its listener `ws` never learns that the TCP connection has ended.
    raw.removeAllListeners('close');
    raw.destroy();
    running.app.get(MismatchGateway).server.clients.delete(socket);
    await until('it is closed', () => running.eventsOf('closed').length === 1);
    expect(running.eventsOf('registry_mismatch')[0]).toMatchObject({ untracked: 0, vanished: 1 });
    expect(running.eventsOf('closed')[0]).toMatchObject({ reason: 'error', code: 1006 });
    expect(balanceOf(running)).toBe(0);
    await until('the client has noticed', () => client.closed !== undefined);
  });

  it('is made the same when a record was lost', async () => {
    const { running, client } = await open();
    const { registry } = runtimeOf(running);
    for (const connection of registry) registry.remove(connection);
    await until('it is tracked again', () => balanceOf(running) === 1);
    expect(running.eventsOf('registry_mismatch')[0]).toMatchObject({ untracked: 1, vanished: 0 });
    client.answers = false;
    await until('its silence is noticed', () => client.closed?.code === 4001);
    expect(running.eventsOf('missed')).toHaveLength(1);
  });
});

describe('a socket that is stuck in closing', () => {
  const startApp = useApps();

  it('is ended for it when it was destroyed and its end was never reported', async () => {
    const running = await startApp([MismatchGateway], { ...OPTIONS, sweep: { closeTimeoutMs: 150 } });
    const client = await TestClient.connect(running.url);
    const [socket] = running.app.get(MismatchGateway).clients;
    client.freeze();
    const raw = rawOf(socket!);
    const untold = raw.listeners('close');
    raw.removeAllListeners('close');
    await running.service.disconnect({ id: running.service.connections()[0]!.id });
    await until('it is said', () => running.eventsOf('close_stuck').length === 1);
    expect(running.eventsOf('closed')).toHaveLength(1);
    expect(running.eventsOf('closed')[0]).toMatchObject({ reason: 'evicted', code: 4003 });
    expect(running.service.snapshot().total_connections).toBe(0);
    await sleep(400);
    expect(running.eventsOf('close_stuck')).toHaveLength(1);
    // `ws` would wait for it when the app closes.
    for (const listener of untold) Reflect.apply(listener, raw, [false]);
    expect(running.eventsOf('closed')).toHaveLength(1);
  });

  it('is ended even where terminate() does nothing', async () => {
    const running = await startApp([MismatchGateway], OPTIONS);
    const client = await TestClient.connect(running.url);
    const [socket] = running.app.get(MismatchGateway).clients;
    client.freeze();
    socket!.terminate = () => undefined;
    await running.service.disconnect({ id: running.service.connections()[0]!.id });
    await until('it is said', () => running.eventsOf('close_stuck').length > 0);
    await sleep(400);
    const { destroyed } = rawOf(socket!);
    rawOf(socket!).destroy();
    expect(destroyed).toBe(true);
    expect(running.eventsOf('closed')).toHaveLength(1);
    expect(running.eventsOf('close_stuck').length).toBeLessThanOrEqual(2);
  });
});

describe('a Socket.IO client that the app sends away', () => {
  const startApp = useIoApps();
  const connect = useIoClients();

  it('is none that has vanished, though Engine.IO knows of its end before its WebSocket does', async () => {
    const running = await startApp([IoGateway], { drain: false });
    const { socket: client } = await connect(running.url, { transports: ['websocket'] });
    const { server } = running.app.get(IoGateway);
    const { engine } = server;
    const { reconciler, registry } = runtimeOf(running);
    const [connection] = registry;
    const [looks, known]: [Promise<unknown>[], unknown[]] = [[], []];
    const [conn] = Object.values((engine as unknown as { clients: Record<string, object> }).clients);
    const { socket } = (conn as unknown as { transport: { socket: WebSocket } }).transport;
    const raw = rawOf(socket);
    const destroy = raw.destroy.bind(raw);
    raw.destroy = (error) => {
      destroy(error);
      known.push(engine.clientsCount, connection!.raw?.destroyed, registry.size);
      looks.push(reconciler.reconcile());
      return raw;
    };
    client.io.reconnection(false);
    server.disconnectSockets(true);
    await until('it has left', () => running.eventsOf('closed').length === 1);
    await Promise.all(looks);
    // In that turn of the event loop only we still count it.
    expect(known.slice(0, 3)).toEqual([0, true, 1]);
    expect(running.eventsOf('registry_mismatch')).toEqual([]);
    expect(running.eventsOf('closed')).toMatchObject([{ reason: 'clean', evidence: { receivedCode: 1005 } }]);
  });
});
