import { describe, expect, it } from '@jest/globals';

import type { WireState } from '../../lib/protocol/heartbeat.codec.js';
import { signalrOpening } from '../../lib/protocol/signalr.handshake.js';

type Said = readonly ['client' | 'app', string | Uint8Array, boolean?];

/** The state after everything that was said. */
function after(...said: Said[]): WireState | undefined {
  return said.reduce<WireState | undefined>(
    (state, [from, data, isBinary = false]) =>
      state?.isOpen === true ? state : (signalrOpening({ from, data, isBinary }, state) ?? state),
    undefined,
  );
}

const REQUEST: Said = ['client', '{"protocol":"json","version":1}\x1e'];

describe('the handshake of SignalR', () => {
  it('is over with the reply of the app, and not with the request of the client', () => {
    expect(after(REQUEST)).toEqual({ isOpen: false, turn: 'app', dialect: 'json' });
    expect(after(REQUEST, ['app', '{}\x1e'])).toMatchObject({ isOpen: true, dialect: 'json' });
    expect(after(REQUEST, ['app', Buffer.from('{}\x1e'), true])).toMatchObject({ isOpen: true });
  });

  it('may have other records behind it in the same frame', () => {
    const together: Said[] = [
      ['client', '{"protocol":"json","version":1}\x1e{"type":1,"target":"Hi","arguments":[]}\x1e'],
      ['app', '{}\x1e{"type":3,"invocationId":"0"}\x1e'],
    ];
    expect(after(together[0]!)).toMatchObject({ isOpen: false });
    expect(after(...together)).toMatchObject({ isOpen: true, dialect: 'json' });
  });

  it.each<[string, Said]>([
    ['an error', ['app', '{"error":"Unknown protocol"}\x1e']],
    ['another record', ['app', '{"type":6}\x1e']],
    ['half of a record', ['app', '{}']],
    ['no JSON', ['app', 'x\x1e']],
    ['what the client says', ['client', '{}\x1e']],
    ['a long text', ['app', `${' '.repeat(2_000)}{}\x1e`]],
  ])('is not over with %s', (_name, said) => {
    expect(after(REQUEST, said)).toMatchObject({ isOpen: false });
  });

  it.each([
    ['json', 'json'],
    ['messagepack', 'messagepack'],
    ['blazorpack', 'messagepack'],
    ['protobuf', 'other'],
    ['toString', 'other'],
  ])('finds the hub protocol %s, whose pings are those of %s', (protocol, dialect) => {
    const request = JSON.stringify({ protocol, version: 1 }) + '\x1e';
    for (const data of [request, Buffer.from(request)]) {
      const isBinary = typeof data !== 'string';
      expect(after(['client', data, isBinary], ['app', '{}\x1e'])).toMatchObject({ isOpen: true, dialect });
    }
  });

  it('was over before, where a client that was not heard from the start speaks as after it', () => {
    expect(after(['app', '{}\x1e'])).toBeUndefined();
    expect(after(['client', '{"type":6}\x1e'])).toMatchObject({ isOpen: true, dialect: 'json' });
    expect(after(['client', Uint8Array.of(2, 0x91, 6), true])).toMatchObject({ dialect: 'messagepack' });
    expect(after(['client', '{"hello":1}\x1e'])).toBeUndefined();
  });

  it('makes no object for a connection', () => {
    expect(after(REQUEST)).toBe(after(REQUEST));
    expect(after(REQUEST, ['app', '{}\x1e'])).toBe(after(REQUEST, ['app', '{}\x1e']));
  });
});
