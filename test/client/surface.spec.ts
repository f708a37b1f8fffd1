import { describe, expect, it, jest } from '@jest/globals';
import { HealthyWebSocket } from 'nestjs-connection-health/client';

import { sleep, until } from '../support/wait.js';
import { useClients } from './support/clients.js';
import { useServers } from './support/plain.server.js';

describe('the surface of a WebSocket', () => {
  const serve = useServers();
  const connect = useClients();

  it('has the constants of the standard on the class and on each socket', async () => {
    const { url } = await serve();
    const { socket } = connect(url);
    for (const place of [HealthyWebSocket, socket]) {
      const { CONNECTING, OPEN, CLOSING, CLOSED } = place;
      expect([CONNECTING, OPEN, CLOSING, CLOSED]).toEqual([0, 1, 2, 3]);
    }
    expect(socket).toBeInstanceOf(EventTarget);
  });

  it('goes through the states of the standard, and is CONNECTING while it is away', async () => {
    const server = await serve();
    const states: [string, number][] = [];
    const { socket } = connect(server.url);
    expect(socket.readyState).toBe(0);
    for (const type of ['open', 'close', 'end'] as const)
      socket.addEventListener(type, () => states.push([type, socket.readyState]));
    await until('it is open', () => socket.readyState === 1);
    server.last!.socket.terminate();
    await until('it was lost', () => states.length >= 2);
    await until('it is back', () => states.length >= 3);
    socket.close();
    expect(socket.readyState).toBe(2);
    await until('it has ended', () => socket.readyState === 3);
    expect(states).toEqual([
      ['open', 1],
      ['close', 0],
      ['open', 1],
      ['close', 3],
      ['end', 3],
    ]);
  });

  it('calls the on… handlers and the listeners of every event, with the socket as target and `this`', async () => {
    const server = await serve(({ socket }) => socket.send('hello'));
    const { socket } = connect(server.url, {
      queue: { maxMessages: 0 },
      state: () => undefined,
    });
    const seen: string[] = [];
    const note = (way: string) =>
      function (this: unknown, event: Event): void {
        seen.push(`${way} ${event.type} ${String(this === socket && event.target === socket)}`);
      };
    for (const type of ['open', 'message', 'error', 'close', 'end', 'drop'] as const) {
      socket[`on${type}`] = note('on');
      socket.addEventListener(type, note('listener'));
    }
    socket.send('no room');
    await until('a message came', () => seen.includes('listener message true'));
    await server.stop();
    await until('it was refused', () => seen.includes('listener error true'));
    socket.close();
    await until('it has ended', () => seen.includes('listener end true'));
    for (const type of ['open', 'message', 'error', 'close', 'end', 'drop'])
      expect(seen.filter((entry) => entry.includes(type)).slice(0, 2)).toEqual([
        `on ${type} true`,
        `listener ${type} true`,
      ]);
  });

  it('knows `once`, `signal`, objects that handle events, and removal', async () => {
    const server = await serve(({ socket }) => {
      for (const text of ['1', '2', '3']) socket.send(text);
    });
    const { socket, messages } = connect(server.url);
    const got: string[] = [];
    const removed = (): void => void got.push('removed');
    const stop = new AbortController();
    socket.addEventListener('message', () => got.push('once'), { once: true });
    socket.addEventListener('message', ({ data }) => data === '2' && stop.abort());
    socket.addEventListener('message', () => got.push('until stopped'), { signal: stop.signal });
    socket.addEventListener('message', { handleEvent: () => got.push('object') });
    socket.addEventListener('message', removed);
    socket.removeEventListener('message', removed);
    await until('all have come', () => got.filter((entry) => entry === 'object').length === 3);
    expect(got).toEqual(['once', 'until stopped', 'object', 'object', 'object']);
    expect(messages).toEqual([]);
  });

  it('replaces a handler, forgets one that is no function, and keeps its hands off listeners', async () => {
    const server = await serve(({ socket }) => socket.send('x'));
    const { socket } = connect(server.url);
    const [first, second, both] = [jest.fn(), jest.fn(), jest.fn()];
    const on = (handlers: object): HealthyWebSocket => Object.assign(socket, handlers);
    expect(socket.onmessage).toBeNull();
    on({ onmessage: first });
    on({ onmessage: second });
    expect(socket.onmessage).toBe(second);
    on({ onopen: first, onclose: first });
    on({ onopen: null, onclose: 'no function' });
    expect([socket.onopen, socket.onclose]).toEqual([null, null]);
    // The same function, added by hand too, is called twice and survives the removal of the handler.
    socket.addEventListener('message', both);
    on({ onmessage: both });
    await until('it came', () => both.mock.calls.length > 0);
    expect(both).toHaveBeenCalledTimes(2);
    on({ onmessage: null });
    server.last!.socket.send('y');
    await until('it came', () => both.mock.calls.length === 3);
    expect([first.mock.calls, second.mock.calls]).toEqual([[], []]);
  });

  it('says what was negotiated, and where it is connected to', async () => {
    const server = await serve(() => undefined, {
      handleProtocols: () => 'chat.v2',
      perMessageDeflate: true,
    });
    const { socket } = connect(server.url, {}, ['chat.v1', 'chat.v2']);
    expect([socket.protocol, socket.extensions, socket.url]).toEqual(['', '', `${server.url}/`]);
    await until('it is open', () => socket.readyState === 1);
    expect(socket.protocol).toBe('chat.v2');
    expect(socket.extensions).toBe('permessage-deflate');
    expect(server.last!.request.headers['sec-websocket-protocol']).toBe('chat.v1,chat.v2');
  });

  it('counts the bytes that wait, for a connection or on it', async () => {
    const server = await serve();
    const { socket } = connect(server.url);
    socket.send('four');
    socket.send(new Uint8Array(6));
    expect(socket.bufferedAmount).toBe(10);
    await until('all has left', () => socket.bufferedAmount === 0);
    socket.send('x'.repeat(50_000_000));
    expect(socket.bufferedAmount).toBeGreaterThan(1_000_000);
  });

  it.each([
    [undefined, 'Buffer'],
    ['arraybuffer', 'ArrayBuffer'],
    ['blob', 'Blob'],
  ] as const)('leaves the binary type alone until it is set: %p is %s', async (type, expected) => {
    const server = await serve(({ socket }) => socket.send(Buffer.from([1, 2])));
    const client = connect(server.url);
    expect(client.socket.binaryType).toBe('nodebuffer');
    if (type !== undefined) client.socket.binaryType = type;
    await until('bytes came', () => client.messages.length === 1);
    server.last!.socket.terminate();
    await until('and once more, on another connection', () => client.messages.length === 2);
    const kinds = client.messages.map((data) => (data as object).constructor.name);
    expect(kinds).toEqual([expected, expected]);
    expect(client.socket.binaryType).toBe(type ?? 'nodebuffer');
  });

  it('gives messages that look like those of the standard', async () => {
    const server = await serve(({ socket }) => socket.send('x'));
    const client = connect(server.url);
    await until('it came', () => client.messages.length === 1);
    const [event] = client.of('message');
    expect(event).toBeInstanceOf(MessageEvent);
    expect([event!.data, event!.origin, event!.lastEventId]).toEqual(['x', '', '']);
  });

  it('throws at once for a url that cannot be used, and leaves nothing behind', async () => {
    expect(() => connect('no url')).toThrow(SyntaxError);
    expect(() => connect('ftp://127.0.0.1')).toThrow(SyntaxError);
    await sleep(50);
  });

  it.each([1001, 1006, 999, 2999, 5000, NaN])(
    'refuses to close with %p, as the standard does, and stays open',
    async (code) => {
      const server = await serve();
      const client = connect(server.url);
      await until('it is open', () => client.isOpen);
      expect(() => client.socket.close(code)).toThrow(
        expect.objectContaining({ name: 'InvalidAccessError', code: 15 }),
      );
      expect(client.isOpen).toBe(true);
    },
  );

  it('takes undefined for what was not given, and Infinity for no limit', async () => {
    const server = await serve();
    const client = connect(server.url, {
      graceMs: undefined,
      backoff: { initialMs: 1, maxMs: undefined },
      connectTimeoutMs: Infinity,
      intervalMs: Infinity,
      maxRetries: Infinity,
    });
    await until('it is open', () => client.isOpen);
    await sleep(50);
    expect(client.story).toEqual(['open']);
  });
});
