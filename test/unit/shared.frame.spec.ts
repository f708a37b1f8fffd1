import { once } from 'node:events';
import type { AddressInfo } from 'node:net';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { WebSocket, WebSocketServer, type RawData } from 'ws';

import { SharedFrame } from '../../lib/heartbeat/shared.frame.js';
import { WsDriver } from '../../lib/transport/ws.driver.js';
import { until } from '../support/wait.js';

const PING = new Uint8Array([1, 2, 3, 4, 5, 6, 7, 8]);

/** What `ws` has of a socket's class. */
class OfWs {
  constructor(readonly _sender: { send?(): void; ping?(): void; _state?: number; _deflating?: boolean }) {}

  send(): void {
    this._sender.send!();
  }

  ping(): void {
    this._sender.ping!();
  }
}

describe('frames that are written past ws', () => {
  const driver = new WsDriver();
  let server: WebSocketServer;
  let client: WebSocket;
  /** What it looks like from the server. */
  let socket: WebSocket;
  let heard: { text: string; isBinary: boolean }[];
  let pings: string[];
  let detach: () => void;

  beforeEach(async () => {
    server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: { threshold: 0 } });
    await once(server, 'listening');
    detach = driver.attach({ server, opened: () => undefined });
    const connected = once(server, 'connection');
    client = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`);
    [heard, pings] = [[], []];
    client.on('message', (data: RawData, isBinary) => heard.push({ text: String(data as Buffer), isBinary }));
    client.on('ping', (payload) => pings.push(payload.toString('hex')));
    [socket] = (await connected) as [WebSocket];
    await until('it is open', () => client.readyState === WebSocket.OPEN);
  });

  afterEach(async () => {
    detach();
    client.terminate();
    for (const each of server.clients) each.terminate();
    await new Promise((resolve) => server.close(resolve));
  });

  const textOfTheEnd = (): string | undefined => heard.at(-1)?.text;

  it.each([0, 5, 125, 126, 65_535, 65_536, 200_000])(
    'are read as ws would write them: %d bytes',
    async (bytes) => {
      const text = 'ä'.repeat(bytes >> 1) + 'x'.repeat(bytes % 2);
      expect(driver.writeFrames(socket, new SharedFrame(text).bytes(PING))).toBe(true);
      await until('the ping has come', () => pings.length === 1);
      expect(heard).toEqual([{ text, isBinary: false }]);
      expect(pings).toEqual(['0102030405060708']);
      if (socket.bufferedAmount > 0) await until('it is gone', () => socket.bufferedAmount === 0);
      expect(driver.writeFrames(socket, new SharedFrame(Buffer.from(text)).bytes(undefined))).toBe(true);
      await until('all has come', () => heard.length === 2);
      expect(heard[1]).toEqual({ text, isBinary: true });
      expect(pings).toHaveLength(1);
    },
  );

  it('are made once for all that get them', () => {
    const frame = new SharedFrame('hello');
    expect(frame.bytes(PING)).toBe(frame.bytes(PING));
    // Whoever stands between us and the kernel may count on what ws writes.
    for (const ping of [undefined, PING]) expect(Buffer.isBuffer(frame.bytes(ping))).toBe(true);
    expect(frame.bytes(undefined)).toBe(frame.bytes(undefined));
    expect(frame.bytes(PING)).not.toEqual(frame.bytes(undefined));
  });

  it('do not come between the fragments of a message of which one is being compressed', async () => {
    const [head, tail] = ['a'.repeat(70_000), 'b'.repeat(70_000)];
    const ours = new SharedFrame('ours');
    socket.send(head, { fin: false });
    await until('the first fragment is compressed', () => socket.bufferedAmount === 0);
    socket.send(tail, { fin: true });
    const wasWritten = driver.writeFrames(socket, ours.bytes(undefined));
    await until('the message has come', () => textOfTheEnd() === head + tail);
    expect(wasWritten).toBe(false);
    expect(driver.writeFrames(socket, ours.bytes(undefined))).toBe(true);
    await until('ours has come', () => textOfTheEnd() === 'ours');
  });

  it('nor where the last fragment is empty, and counts no bytes', async () => {
    socket.send('a'.repeat(70_000), { fin: false });
    await until('the first fragment is compressed', () => socket.bufferedAmount === 0);
    socket.send('', { fin: true });
    const wasWritten = driver.writeFrames(socket, new SharedFrame('ours').bytes(undefined));
    await until('the message has come', () => heard.length > 0);
    expect([wasWritten, textOfTheEnd()?.length]).toEqual([false, 70_000]);
  });

  it('do not go behind bytes that the client does not read', async () => {
    client.pause();
    const piece = 'x'.repeat(1 << 20);
    await until('it waits', () => {
      socket.send(piece, { compress: false });
      return socket.bufferedAmount > 0;
    });
    expect(driver.writeFrames(socket, new SharedFrame('ours').bytes(undefined))).toBe(false);
  });

  it.each([
    ['a sender that says nothing of its state', { _sender: {} }],
    ['no sender', { _sender: undefined }],
    ['no TCP connection', { _socket: null }],
    ['none that can be written to', { _socket: {} }],
    ['said that it closes', { readyState: 2 }],
    ['to mask what it sends', { _isServer: false }],
    ['a message of the app to finish', { _sender: { _state: 0, _firstFragment: false } }],
    ['bytes that wait', { bufferedAmount: 1 }],
    ['nothing against it', {}],
  ])('are left to the library where a socket has %s', (_what, odd) => {
    const written: Uint8Array[] = [];
    class Odd extends OfWs {
      readonly readyState: number = 1;
      readonly bufferedAmount = 0;
      readonly _isServer = true;
      readonly _socket = { write: (bytes: Uint8Array) => void written.push(bytes) };
    }
    class Tapped extends Odd {}
    const isWritten = driver.writeFrames(Object.assign(new Tapped({ _state: 0 }), odd), PING);
    expect([isWritten, written]).toEqual(Object.keys(odd).length === 0 ? [true, [PING]] : [false, []]);
  });

  it('are left to an app whose own class of sockets puts what it sends into an envelope', async () => {
    class Enveloped extends WebSocket {
      override send(data: string): void {
        super.send(`envelope ${data}`);
      }
    }
    const own = new WebSocketServer({ host: '127.0.0.1', port: 0, WebSocket: Enveloped });
    await once(own, 'listening');
    const stop = driver.attach({ server: own, opened: () => undefined });
    const connected = once(own, 'connection');
    const other = new WebSocket(`ws://127.0.0.1:${(own.address() as AddressInfo).port}`);
    const got: string[] = [];
    other.on('message', (data: RawData) => got.push(String(data as Buffer)));
    try {
      const [enveloped] = (await connected) as [WebSocket];
      expect(driver.writeFrames(enveloped, new SharedFrame('ours').bytes(undefined))).toBe(false);
      driver.send(enveloped, 'ours');
      await until('it has come', () => got.length > 0);
      expect(got).toEqual(['envelope ours']);
    } finally {
      stop();
      other.terminate();
      for (const each of own.clients) each.terminate();
      await new Promise((resolve) => own.close(resolve));
    }
  });

  it("are no message of the app's, also where the app has put a wrapper over the events of a socket", async () => {
    const calls: PropertyKey[] = [];
    const observer = new Proxy({}, { get: (_target, name) => () => void calls.push(name) });
    detach();
    detach = driver.attach({
      server,
      opened: () => ({ observer, midMessage: false, fragments: 0 }) as never,
    });
    const connected = once(server, 'connection');
    const other = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`);
    try {
      const [tapped] = (await connected) as [WebSocket];
      await until('it is open', () => other.readyState === WebSocket.OPEN);
      const { emit } = tapped;
      tapped.emit = (...event) => Reflect.apply(emit, tapped, event) as boolean;
      driver.send(tapped, 'ours');
      expect(calls).toEqual([]);
      tapped.send('the app');
      expect(calls).toEqual(['sent']);
    } finally {
      other.terminate();
    }
  });

  it('are written where an older ws says that it does not compress', () => {
    const written: Uint8Array[] = [];
    const _socket = { write: (bytes: Uint8Array) => void written.push(bytes) };
    class Old extends OfWs {
      readonly readyState: number = 1;
      readonly bufferedAmount = 0;
      readonly _socket = _socket;
    }
    expect(driver.writeFrames(new Old({ _deflating: false }), PING)).toBe(true);
    expect(driver.writeFrames(new Old({ _deflating: true }), PING)).toBe(false);
    expect(written).toEqual([PING]);
  });
});
