import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';

import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { FaultyPeer } from 'nestjs-connection-health/testing';
import { WebSocketServer, type RawData, type WebSocket } from 'ws';

import { sleep, until } from '../support/wait.js';

jest.setTimeout(60_000);

/** Around every change of the length field (RFC 6455 section 5.2). */
const LENGTHS = [0, 1, 125, 126, 127, 65_535, 65_536, 200_000];

/** `ws` has no public way to it. */
function rawSocketOf(socket: WebSocket): Socket {
  return (socket as unknown as { _socket: Socket })._socket;
}

describe('the frames of a faulty peer', () => {
  let server: WebSocketServer;
  let peer: FaultyPeer;
  let shy: FaultyPeer | undefined;
  let socket: WebSocket;
  const received: { data: Buffer; isBinary: boolean }[] = [];

  beforeEach(async () => {
    received.length = 0;
    server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: { threshold: 0 } });
    await once(server, 'listening');
    server.on('connection', (client) => {
      socket = client;
      // A server that greets at once: what it says may come with its answer to the upgrade.
      client.send('welcome');
      client.on('message', (data: RawData, isBinary) => received.push({ data: data as Buffer, isBinary }));
    });
    peer = await FaultyPeer.connect(`ws://127.0.0.1:${(server.address() as AddressInfo).port}/?room=1`);
    await until('the greeting is read', () => peer.messages.includes('welcome'));
  });

  afterEach(async () => {
    await Promise.all([peer.end(), shy?.end()]);
    server.close();
    await once(server, 'close');
  });

  it('are read by ws as they were meant, whatever their length', async () => {
    for (const length of LENGTHS) {
      peer.send('x'.repeat(length));
      peer.send(Buffer.alloc(length, 7));
    }
    await until('all have arrived', () => received.length === 2 * LENGTHS.length);
    expect(received.map(({ data, isBinary }) => [data.length, isBinary])).toEqual(
      LENGTHS.flatMap((length) => [
        [length, false],
        [length, true],
      ]),
    );
    expect(received.at(-2)!.data.every((byte) => byte === 'x'.charCodeAt(0))).toBe(true);
    expect(received.at(-1)!.data.every((byte) => byte === 7)).toBe(true);
  });

  it('of ws are put together, fragments and pings between them as well', async () => {
    for (const length of LENGTHS) socket.send(Buffer.alloc(length, 7));
    socket.send('one, ', { fin: false });
    socket.ping('between');
    socket.send('two, ', { fin: false });
    socket.send('thrée');
    const pong = once(socket, 'pong');
    await until('all have arrived', () => peer.messages.length === 1 + LENGTHS.length + 1);
    expect(peer.messages.slice(1, -1).map((message) => message.length)).toEqual(LENGTHS);
    expect((peer.messages.at(-2) as Buffer).every((byte) => byte === 7)).toBe(true);
    expect(peer.messages.at(-1)).toBe('one, two, thrée');
    expect(String((await pong)[0])).toBe('between');
    expect(peer.protocolPings).toBe(1);
  });

  it('wait while one trickles', async () => {
    peer.trickle('a'.repeat(100), 1_000);
    expect(() => peer.trickle('b', 1_000)).toThrow('trickling already');
    peer.send('afterwards');
    socket.ping();
    const pong = once(socket, 'pong');
    await until('both have arrived', () => received.length === 2);
    await pong;
    expect(received.map(({ data }) => String(data))).toEqual(['a'.repeat(100), 'afterwards']);
    expect(peer.unsentBytes).toBe(0);
  });

  it('are not read while it is frozen, nor those of the same breath as the reason', async () => {
    peer.freeze();
    socket.send('one');
    socket.ping();
    await expect(
      until('nothing', () => peer.messages.length > 1 || peer.protocolPings > 0, 150),
    ).rejects.toThrow('in vain');
    peer.thaw();
    await until('it has caught up', () => peer.messages.length === 2 && peer.protocolPings === 1);
  });

  it('are not read when they come in the same breath as the one after which it freezes', async () => {
    const { port } = server.address() as AddressInfo;
    shy = await FaultyPeer.connect(
      `ws://127.0.0.1:${port}`,
      { reply: (message) => (message === 'question' ? 'answer' : undefined) },
      { freezeAfterReplies: 1 },
    );
    const raw = rawSocketOf(socket);
    raw.cork();
    socket.send('question');
    socket.send('unread');
    socket.ping();
    raw.uncork();
    await until('it has answered', () => received.length === 1);
    expect(shy.messages).toEqual(['welcome', 'question']);
    shy.thaw();
    expect(shy.messages).toEqual(['welcome', 'question', 'unread']);
    expect(shy.protocolPings).toBe(1);
  });

  it('end on both sides, but not while it is frozen', async () => {
    const raw = rawSocketOf(socket);
    let [fins, ended] = [0, false];
    raw.on('end', () => fins++);
    raw.on('close', () => (ended = true));
    peer.freeze();
    raw.end();
    await sleep(150);
    expect(fins).toBe(0);
    peer.thaw();
    await until('its end is heard', () => fins === 1 && ended);
    expect(peer.isOpen).toBe(false);
  });

  it('of a close are answered, and the code is kept', async () => {
    socket.close(4001, 'bye');
    const [code] = (await once(socket, 'close')) as [number];
    expect(code).toBe(4001);
    await until('its own end is closed', () => !peer.isOpen);
    expect(peer.closeCode).toBe(4001);
  });

  it('of a close without a code are answered, too', async () => {
    socket.close();
    expect((await once(socket, 'close'))[0]).toBe(1005);
    expect(peer.closeCode).toBe(1005);
    await until('both ends are closed', () => !peer.isOpen);
    await peer.end();
    expect(() => peer.trickle('b', 1_000)).toThrow('has ended');
  });
});
