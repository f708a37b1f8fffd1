import { describe, expect, it } from '@jest/globals';

import { CONNECTION } from '../../lib/transport/transport.driver.js';
import { tappedClass, tapSocket, type WsSocket } from '../../lib/transport/ws.tap.js';

/** As much of a `ws` socket as a tap touches; remembers what got through. */
class FakeSocket implements WsSocket {
  readonly readyState = 1;
  readonly bufferedAmount = 0;
  readonly calls: unknown[][] = [];

  emit(...args: unknown[]): boolean {
    this.calls.push(['emit', ...args]);
    return true;
  }

  send(...args: unknown[]): void {
    if (args[0] === 'throw') throw new TypeError('cannot be sent');
    this.calls.push(['send', ...args]);
  }

  close(...args: unknown[]): void {
    this.calls.push(['close', ...args]);
  }

  ping(): void {}
  terminate(): void {}
  pause(): void {}
  resume(): void {}
}

const DONE = (): void => undefined;

function observed(socket: FakeSocket) {
  const heard: unknown[][] = [];
  const record = {
    midMessage: false,
    observer: {
      message: (_record: unknown, data: unknown, isBinary: unknown) => {
        heard.push(['message', data, isBinary]);
        return data === 'heartbeat';
      },
      control: (_record: unknown, kind: string) => heard.push([kind]),
      messageFinished: () => heard.push(['finished']),
      closing: () => heard.push(['closing']),
      closed: (_record: unknown, code: number, reason: string) => heard.push(['closed', code, reason]),
      paused: (_record: unknown, isPaused: boolean) => heard.push(['paused', isPaused]),
    },
  };
  (socket as unknown as { [CONNECTION]: unknown })[CONNECTION] = record;
  return { socket, record, heard };
}

function tappedAtBirth(): FakeSocket {
  const Tapped = tappedClass(FakeSocket);
  return new Tapped() as FakeSocket;
}

function tappedLater(): FakeSocket {
  const socket = new FakeSocket();
  tapSocket(socket);
  return socket;
}

describe.each([
  ['a socket of the tapped class', tappedAtBirth],
  ['a socket tapped later', tappedLater],
])('%s', (_what, make) => {
  it('hands on every event but the messages that are ours', () => {
    const { socket, heard } = observed(make());
    socket.emit('message', 'hello', false);
    socket.emit('message', 'heartbeat', false);
    socket.emit('pong', new Uint8Array(1));
    socket.emit('close', 1001, 'bye');
    socket.emit('anything', 1, 2, 3);
    expect(socket.calls.map(([, event, first]) => [event, first])).toEqual([
      ['message', 'hello'],
      ['pong', new Uint8Array(1)],
      ['close', 1001],
      ['anything', 1],
    ]);
    expect(heard).toEqual([
      ['message', 'hello', false],
      ['message', 'heartbeat', false],
      ['pong'],
      ['closed', 1001, 'bye'],
    ]);
  });

  it('sends with exactly the arguments it was given: ws looks at which are there', () => {
    const { socket } = observed(make());
    socket.send('a');
    socket.send('a', { fin: true });
    socket.send('a', DONE);
    socket.send('a', {}, DONE);
    socket.close(4000);
    expect(socket.calls).toEqual([
      ['send', 'a'],
      ['send', 'a', { fin: true }],
      ['send', 'a', DONE],
      ['send', 'a', {}, DONE],
      ['close', 4000],
    ]);
  });

  it('knows when the app is in the middle of a message, and says when it has ended (R9)', () => {
    const { socket, record, heard } = observed(make());
    socket.send('whole');
    expect([record.midMessage, heard]).toEqual([false, []]);
    socket.send('a', { fin: false });
    socket.send('b', { fin: false });
    expect([record.midMessage, heard]).toEqual([true, []]);
    socket.send('c', { fin: true });
    expect([record.midMessage, heard]).toEqual([false, [['finished']]]);
  });

  it('is in the same place of a message as before when a send throws', () => {
    const { socket, record, heard } = observed(make());
    expect(() => socket.send('throw', { fin: false })).toThrow(TypeError);
    expect(record.midMessage).toBe(false);
    socket.send('a', { fin: false });
    expect(() => socket.send('throw', { fin: true })).toThrow(TypeError);
    expect([record.midMessage, heard]).toEqual([true, []]);
  });

  it('is quiet without a record', () => {
    const socket = make();
    socket.emit('message', 'heartbeat', false);
    socket.send('a', { fin: false });
    expect(socket.calls).toHaveLength(2);
  });
});

describe('tapping', () => {
  it('leaves no trace on a socket when it is taken off', () => {
    const socket = new FakeSocket();
    const before = Reflect.ownKeys(socket);
    tapSocket(socket)();
    expect(Reflect.ownKeys(socket)).toEqual(before);
  });

  it('tells everything once where it is put on anew over a tap that the app has wrapped', () => {
    const socket = new FakeSocket();
    const takeOff = tapSocket(socket);
    const { emit } = socket;
    socket.emit = (...args) => emit.apply(socket, args);
    takeOff();
    tapSocket(socket);
    const { heard } = observed(socket);
    socket.emit('pong', 'payload');
    socket.emit('message', 'text', false);
    expect(heard).toEqual([['pong'], ['message', 'text', false]]);
  });

  it('shows nothing that an app would find by looking at its sockets', () => {
    expect(Object.keys(tappedAtBirth())).toEqual(Object.keys(new FakeSocket()));
    expect(tappedClass(FakeSocket).name).toBe('FakeSocket');
  });
});
