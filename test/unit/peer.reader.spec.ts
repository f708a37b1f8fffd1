import type { IncomingMessage } from 'node:http';

import { describe, expect, it } from '@jest/globals';

import { PeerReader, type TrustProxy } from '../../lib/connection/peer.reader.js';
import type { RawSocket } from '../../lib/transport/transport.driver.js';

const PROXY = '10.0.0.1';

function request(
  headers: IncomingMessage['headers'] = {},
  { from = PROXY, url = '/chat' }: { from?: string; url?: string } = {},
): IncomingMessage {
  const socket = { remoteAddress: from };
  return { headers, url, socket, connection: socket } as unknown as IncomingMessage;
}

function addressOf(trustProxy: TrustProxy, forwardedFor?: string): string | undefined {
  const headers = forwardedFor === undefined ? {} : { 'x-forwarded-for': forwardedFor };
  return new PeerReader(trustProxy).read(request(headers), undefined).address;
}

function faultyTrust(): never {
  throw new Error('trust');
}

/** A socket that tells one address by its handle, with a status, and another by itself. */
function socketWith(status: number): RawSocket {
  return {
    remoteAddress: '2.2.2.2',
    _handle: { getpeername: (out) => ((out.address = '1.1.1.1'), status) },
  };
}

describe('PeerReader', () => {
  it('asks the handle for the address, so that the socket keeps no object with it, and the socket where that fails', () => {
    const reader = new PeerReader(false);
    expect(reader.read(undefined, socketWith(0)).address).toBe('1.1.1.1');
    expect(reader.read(undefined, socketWith(-107)).address).toBe('2.2.2.2');
    expect(reader.read(undefined, { remoteAddress: '2.2.2.2', _handle: null }).address).toBe('2.2.2.2');
    expect(reader.read(undefined, undefined).address).toBeUndefined();
  });

  it.each<[string, TrustProxy, string | undefined, string]>([
    ['nobody is trusted: a forged header changes nothing', false, '6.6.6.6', PROXY],
    ['no header', true, undefined, PROXY],
    ['everybody is trusted: the leftmost', true, '1.1.1.1, 2.2.2.2', '1.1.1.1'],
    ['one hop: what the client forged stays outside', 1, '6.6.6.6, 2.2.2.2', '2.2.2.2'],
    ['two hops', 2, '6.6.6.6, 2.2.2.2, 3.3.3.3', '2.2.2.2'],
    ['no hops', 0, '6.6.6.6', PROXY],
    ['the proxy by its address', PROXY, '6.6.6.6, 2.2.2.2', '2.2.2.2'],
    ['a proxy that is not on the list', '10.9.9.9', '6.6.6.6', PROXY],
    ['a range', '10.0.0.0/8', '6.6.6.6, 2.2.2.2, 10.1.1.1', '2.2.2.2'],
    ['a list in one text', 'loopback, 10.0.0.0/8', '2.2.2.2, 127.0.0.1', '2.2.2.2'],
    ['a list', ['uniquelocal', '3.3.3.3'], '2.2.2.2, 3.3.3.3', '2.2.2.2'],
    ['a function', (address) => address === PROXY, '6.6.6.6, 2.2.2.2', '2.2.2.2'],
    ['IPv6', true, '2001:db8::1', '2001:db8::1'],
  ])('reads the address, %s', (_what, trustProxy, forwardedFor, address) => {
    expect(addressOf(trustProxy, forwardedFor)).toBe(address);
  });

  it.each([
    ['<script>alert(1)</script>'],
    ['unknown'],
    ['1.2.3.4:5678'],
    ['1.2.3.4\n2.2.2.2'],
    ['_hidden'],
    ['999.1.1.1'],
    [`fe80::1%${'a'.repeat(5_000)}`],
  ])('takes nothing for an address that is none, even from a trusted proxy: %.30s', (forged) => {
    expect(addressOf(true, forged)).toBe(PROXY);
  });

  it('falls back on the direct address where the app’s own function throws (R11)', () => {
    const failures: unknown[] = [];
    const reader = new PeerReader(faultyTrust, (error) => failures.push(error));
    expect(reader.read(request({ 'x-forwarded-for': '1.1.1.1' }), undefined).address).toBe(PROXY);
    expect(failures).toEqual([new Error('trust')]);
  });

  it.each<[string, unknown]>([
    ['no address', 'not-an-address'],
    ['no range', '10.0.0.0/99'],
    ['an empty text', ''],
    ['an object', {}],
    ['null', null],
  ])('refuses %s', (_what, trustProxy) => {
    expect(() => new PeerReader(trustProxy as TrustProxy)).toThrow(TypeError);
  });

  it.each([
    ['/chat?token=secret', '/chat'],
    ['/chat#token=secret', '/chat'],
    ['/?a=1?b=2', '/'],
    ['/chat', '/chat'],
    ['/evil\u202e\n', '/evil\\u202e\\u000a'],
    [`/${'p'.repeat(300)}`, `/${'p'.repeat(255)}…`],
  ])('keeps of %.30j the path only, without what may be a token', (url, path) => {
    expect(new PeerReader(false).read(request({}, { url }), undefined).path).toBe(path);
  });

  it('bounds and escapes the user agent (R10)', () => {
    const userAgent = `curl\u001b[31m${'x'.repeat(10_000)}`;
    const peer = new PeerReader(false).read(request({ 'user-agent': userAgent }), undefined);
    expect(peer.userAgent).toBe(`curl\\u001b[31m${'x'.repeat(247)}…`);
  });

  it('makes do with the socket where there was no request', () => {
    expect(new PeerReader(true).read(undefined, { remoteAddress: '9.9.9.9' })).toEqual({
      address: '9.9.9.9',
      userAgent: undefined,
      path: undefined,
    });
    expect(new PeerReader(true).read(undefined, undefined).address).toBeUndefined();
  });

  it('knows no address where the socket is gone already', () => {
    const gone = request({ 'x-forwarded-for': '1.1.1.1' });
    Object.assign(gone, { socket: {}, connection: {} });
    expect(new PeerReader(true).read(gone, undefined).address).toBeUndefined();
  });
});
