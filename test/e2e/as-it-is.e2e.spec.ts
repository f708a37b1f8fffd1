import { once } from 'node:events';
import type { AddressInfo } from 'node:net';

import { afterEach, describe, expect, it } from '@jest/globals';
import { WebSocketGateway } from '@nestjs/websockets';
import { WebSocket, WebSocketServer } from 'ws';

import type { TestApp } from '../support/app.js';
import { useApps } from '../support/apps.js';
import { RawClient } from '../support/raw.client.js';
import { sleep, until } from '../support/wait.js';

const OPTIONS = {
  heartbeat: { intervalMs: 150, timeoutMs: 100, enforce: 'observe' },
  sweep: false,
} as const;
/** In which everybody is asked. */
const A_WHILE = 3 * OPTIONS.heartbeat.intervalMs;

abstract class Keeper {
  readonly sockets: WebSocket[] = [];

  handleConnection(socket: WebSocket): void {
    this.sockets.push(socket);
  }
}

@WebSocketGateway()
class PlainGateway extends Keeper {}

/** An app's own class: `send` is the one of `ws`. */
class Streaming extends WebSocket {
  part(text: string, fin: boolean): void {
    super.send(text, { fin });
  }
}

@WebSocketGateway({ WebSocket: Streaming } as object)
class StreamingGateway extends Keeper {}

const isHeartbeat = (text: string): boolean => text.includes('server_ping');

/** Heartbeats are made once for many and written past the app's and the library's own methods, where nothing is lost by that. */
describe('a heartbeat', () => {
  const clients: WebSocket[] = [];
  const undo: (() => void)[] = [];
  afterEach(() => {
    for (const client of clients.splice(0)) client.terminate();
    for (const each of undo.splice(0)) each();
  });
  const start = useApps();

  async function meet(gateway: typeof PlainGateway | typeof StreamingGateway): Promise<{
    readonly running: TestApp;
    readonly client: RawClient;
    readonly socket: WebSocket;
  }> {
    const running = await start([gateway], OPTIONS);
    const client = await RawClient.connect(running.url);
    clients.push(client.socket);
    const { sockets } = running.app.get<Keeper>(gateway);
    await until('the server knows it', () => sockets.length === 1);
    return { running, client, socket: sockets[0]! };
  }

  it.each([false, undefined, 0, null])('waits for the end of a message begun with fin: %s', async (fin) => {
    const { client, socket } = await meet(PlainGateway);
    socket.send('one ', { fin: fin as boolean });
    await sleep(A_WHILE);
    expect(client.got.filter(isHeartbeat)).toEqual([]);
    socket.send('two', { fin: true });
    await until('it has come', () => client.got.includes('one two'));
    await until('a heartbeat has', () => client.got.some(isHeartbeat));
    expect(client.closeCode).toBeUndefined();
  });

  it("waits for the end of a message that goes past us, by a method of the app's own", async () => {
    const { client, socket } = await meet(StreamingGateway);
    const streaming = socket as Streaming;
    await until('it was asked', () => client.got.some(isHeartbeat));
    const before = client.got.length;
    streaming.part('one ', false);
    await sleep(A_WHILE);
    streaming.part('two', true);
    await until('it has come', () => client.got.includes('one two'));
    expect(client.got.indexOf('one two')).toBe(before);
    await until('a heartbeat has', () => client.got.slice(before).some(isHeartbeat));
    expect(client.closeCode).toBeUndefined();
  });

  it('goes the way of what was put over the class of ws, before the first one or after', async () => {
    const { client } = await meet(StreamingGateway);
    await until('it was asked', () => client.got.some(isHeartbeat));
    const { send, ping } = WebSocket.prototype;
    undo.push(() => Object.assign(WebSocket.prototype, { send, ping }));
    let pings = 0;
    Object.assign(WebSocket.prototype, {
      send(this: WebSocket, data: unknown, ...more: never[]): void {
        Reflect.apply(send, this, [`envelope ${String(data)}`, ...more]);
      },
      ping(this: WebSocket, ...all: never[]): void {
        pings++;
        Reflect.apply(ping, this, all);
      },
    });
    const before = client.got.length;
    await until('two more have come', () => client.got.length >= before + 3);
    // The first may have been under way.
    for (const text of client.got.slice(before + 1)) expect(text).toMatch(/^envelope \{.*server_ping/);
    expect(pings).toBeGreaterThan(0);
  });

  it('is masked on a socket that this process has dialled itself', async () => {
    const remote = new WebSocketServer({ host: '127.0.0.1', port: 0 });
    undo.push(() => void remote.close());
    await once(remote, 'listening');
    const got: string[] = [];
    const errors: Error[] = [];
    remote.on('connection', (socket) => {
      clients.push(socket);
      socket.on('error', (error) => errors.push(error));
      socket.on('message', (data: Buffer) => got.push(data.toString()));
    });
    const running = await start([PlainGateway], OPTIONS);
    const dialled = new WebSocket(`ws://127.0.0.1:${(remote.address() as AddressInfo).port}`);
    clients.push(dialled.on('error', () => undefined));
    await once(dialled, 'open');
    running.service.watch(remote, { name: 'remote', heartbeat: false });
    const server = new WebSocketServer({ noServer: true });
    undo.push(() => void server.close());
    running.service.watch(server, { name: 'dialled', heartbeat: OPTIONS.heartbeat });
    server.emit('connection', dialled, {
      headers: {},
      url: '/',
      socket: Reflect.get(dialled, '_socket') as object,
    });
    await until('it was asked', () => got.some(isHeartbeat) || errors.length > 0);
    expect(errors).toEqual([]);
    expect(dialled.readyState).toBe(WebSocket.OPEN);
  });
});
