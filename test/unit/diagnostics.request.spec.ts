import type { IncomingHttpHeaders } from 'node:http';

import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';

import { ConnectionHealthArgumentError } from '../../lib/connection-health.errors.js';
import { connectionPageOf, disconnectOptionsOf } from '../../lib/diagnostics/connection.query.js';
import { bodyOf, isFromAnotherSite, textOf } from '../../lib/diagnostics/diagnostics.request.js';

const JSON_BODY: IncomingHttpHeaders = { 'content-type': 'application/json', 'content-length': '9' };

type Reader = (given: unknown) => { readonly limit?: number };

/** Whether a reader makes something of a query, or refuses it in few words. */
function isFine(reader: Reader, given: unknown): boolean {
  try {
    const { limit = 50 } = reader(given);
    return limit >= 1 && limit <= 500;
  } catch (error) {
    // At most 80 characters of the client's, each escaped at worst.
    return error instanceof ConnectionHealthArgumentError && error.message.length < 600;
  }
}

describe('isFromAnotherSite', () => {
  it.each<[boolean, string, IncomingHttpHeaders]>([
    [false, 'who is no browser', { host: 'a.example' }],
    [true, 'what the browser calls another site', { 'sec-fetch-site': 'cross-site', host: 'a.example' }],
    [
      false,
      'what the browser calls the same',
      { 'sec-fetch-site': 'same-origin', origin: 'https://b.example' },
    ],
    [false, 'a neighbour', { 'sec-fetch-site': 'same-site', origin: 'https://b.example', host: 'a.example' }],
    [false, 'the address bar', { 'sec-fetch-site': 'none' }],
    [true, 'another origin', { origin: 'http://b.example', host: 'a.example' }],
    [false, 'our own origin', { origin: 'http://a.example', host: 'a.example' }],
    [false, 'our own origin, written differently', { origin: 'https://a.example', host: 'A.example:443' }],
    [false, 'another port', { origin: 'http://a.example:3000', host: 'a.example:4000' }],
    [false, 'an IPv6 address', { origin: 'http://[::1]:3000', host: '[::1]:4000' }],
    [true, 'an origin that hides itself', { origin: 'null', host: 'a.example' }],
    [true, 'an origin that hides itself, with no host', { origin: 'null' }],
    [true, 'any origin, with no host', { origin: 'http://undefined.example' }],
    [true, 'an origin that begins alike', { origin: 'http://a.example.evil', host: 'a.example' }],
    [true, 'an origin with our name in it', { origin: 'http://evil/a.example', host: 'a.example' }],
    [
      false,
      'our origin behind two proxies',
      { origin: 'https://ops.example', host: 'backend:3000', 'x-forwarded-host': 'ops.example, inner' },
    ],
    [
      true,
      'another origin behind a proxy',
      { origin: 'https://evil.example', host: 'backend:3000', 'x-forwarded-host': 'ops.example' },
    ],
    [false, 'HTTP/2', { origin: 'https://a.example', ':authority': 'a.example' }],
  ])('is %s for %s', (expected, _name, headers) => {
    expect(isFromAnotherSite(headers)).toBe(expected);
  });

  it('survives any header', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.string(), (origin, host, forwarded) => {
        const answer = isFromAnotherSite({ origin, host, 'x-forwarded-host': forwarded });
        expect(typeof answer).toBe('boolean');
      }),
    );
  });
});

describe('bodyOf', () => {
  it('reads an object, and nothing for nothing', () => {
    expect(bodyOf({ headers: JSON_BODY, body: { a: 1 } }, ['a'])).toEqual({ a: 1 });
    expect(bodyOf({ headers: {} }, ['a'])).toEqual({});
    expect(bodyOf({ headers: {}, body: null }, ['a'])).toEqual({});
    expect(
      bodyOf({ headers: { 'content-length': '0', 'content-type': 'text/plain' }, body: {} }, []),
    ).toEqual({});
  });

  it.each(['application/json; charset=utf-8', 'Application/JSON', 'application/merge-patch+json'])(
    'takes %s for JSON',
    (type) => {
      expect(bodyOf({ headers: { ...JSON_BODY, 'content-type': type }, body: {} }, [])).toEqual({});
    },
  );

  it.each<[string, IncomingHttpHeaders, unknown]>([
    ['was not parsed', JSON_BODY, undefined],
    ['was parsed to nothing', JSON_BODY, null],
    [
      'came in pieces, unparsed',
      { 'transfer-encoding': 'chunked', 'content-type': 'application/json' },
      undefined,
    ],
    ['has another type', { ...JSON_BODY, 'content-type': 'text/plain' }, {}],
    ['has no type', { 'content-length': '9' }, {}],
    ['has a type that begins alike', { ...JSON_BODY, 'content-type': 'application/jsonx' }, {}],
    ['is raw bytes', JSON_BODY, Buffer.from('{}')],
    ['is text', JSON_BODY, '{}'],
    ['is an array', JSON_BODY, []],
    ['has a stranger', JSON_BODY, { a: 1, b: 2 }],
    ['has a prototype', JSON_BODY, JSON.parse('{"__proto__":{"a":1}}')],
    ['came without a length, as in HTTP/2, and is text', {}, '{}'],
  ])('refuses what %s, instead of taking it for nothing', (_name, headers, body) => {
    expect(() => bodyOf({ headers, body }, ['a'])).toThrow(ConnectionHealthArgumentError);
  });
});

describe('what a query may say', () => {
  it('is read from own properties only', () => {
    expect(textOf({}, 'toString')).toBeUndefined();
    expect(textOf(undefined, 'limit')).toBeUndefined();
    expect(textOf(Object.create({ limit: '1' }), 'limit')).toBeUndefined();
    expect(textOf(Object.assign(Object.create(null), { limit: '1' }), 'limit')).toBe('1');
  });

  it('is a page of fifty by default, oldest first', () => {
    expect(connectionPageOf({})).toEqual({ limit: 50 });
    expect(connectionPageOf({ limit: '7', minIdleMs: '0', order: 'newest', identity: '5' })).toEqual({
      limit: 7,
      minIdleMs: 0,
      order: 'newest',
      identity: '5',
    });
  });

  it('whatever it is, gives a page, options, or a short sentence', () => {
    const value = fc.oneof(fc.string(), fc.array(fc.string()), fc.dictionary(fc.string(), fc.string()));
    const names = [
      'gateway',
      'state',
      'identity',
      'minIdleMs',
      'limit',
      'order',
      'after',
      'code',
      'reason',
      '__proto__',
    ];
    const query = fc.dictionary(fc.oneof(fc.constantFrom(...names), fc.string()), value);
    const read: Reader[] = [
      connectionPageOf,
      (given) => ({ ...disconnectOptionsOf({ headers: {}, query: given }), limit: undefined }),
    ];
    fc.assert(
      fc.property(query, fc.constantFrom(...read), (given, reader) => {
        expect(isFine(reader, given)).toBe(true);
      }),
    );
  });
});
