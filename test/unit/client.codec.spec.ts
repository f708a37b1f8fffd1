import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';

import { jsonCodec } from '../../lib/client/json.client.codec.js';
import { JsonCodec } from '../../lib/protocol/json.codec.js';
import type { ClientMessage, ServerMessage } from '../../lib/protocol/messages.js';

const number = fc.oneof(fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true }));
const serverMessages: fc.Arbitrary<ServerMessage> = fc.oneof(
  fc.record({ type: fc.constant('server_ping' as const), ts: number, interval: number }),
  fc.record({ type: fc.constant('server_pong' as const), ts: number }),
  fc.record({ type: fc.constant('server_drain' as const), reconnectInMs: number }),
);

/** What the rule is, written down once more with nothing but `JSON.parse`. */
function isHeartbeat(text: string): boolean {
  if (!text.startsWith('{"type":"server_')) return false;
  try {
    const message = JSON.parse(text) as Record<string, unknown>;
    const { type, ts, interval, reconnectInMs } = message;
    if (type === 'server_ping') return Number.isFinite(interval);
    if (type === 'server_pong') return Number.isFinite(ts);
    return type === 'server_drain' && Number.isFinite(reconnectInMs);
  } catch {
    return false;
  }
}

describe('the JSON codec of the client', () => {
  const server = new JsonCodec();

  it('reads every message that the server writes', () => {
    fc.assert(
      fc.property(serverMessages, (message) => {
        const text = server.encode(message);
        expect(jsonCodec.read(text)).toEqual(JSON.parse(text));
      }),
    );
  });

  it.each<[string, ClientMessage, object]>([
    ['answer', { type: 'client_pong', ts: 1.5, state: 'visible' }, { ts: 1.5, state: 'visible' }],
    ['ask', { type: 'client_ping', ts: 12_345.678 }, { ts: 12_345.678 }],
    [
      'resume',
      { type: 'client_resume', reason: 'dead_server', offlineMs: 5_300, attempts: 2 },
      { reason: 'dead_server', offlineMs: 5_300, attempts: 2 },
    ],
  ])('writes an %s that the server reads', (kind, message, fields) => {
    const text = jsonCodec.write(message) as string;
    expect(server.recognise(Buffer.from(text), false)).toMatchObject({ kind, ...fields });
  });

  it('takes nothing else from the app, and never throws', () => {
    const key = fc.constantFrom('type', 'ts', 'interval', 'reconnectInMs', '', 'undefined', '__proto__');
    const value = fc.oneof(
      fc.constantFrom('"server_ping"', '"server_pong"', '"server_drain"', '"server_"', '"toString"', '1e999'),
      fc.json({ maxDepth: 1 }),
      fc.integer().map(String),
    );
    const object = fc
      .array(fc.tuple(key, value), { maxLength: 4 })
      .map((members) => members.map(([name, token]) => `,"${name}":${token}`).join(''));
    const kind = fc.constantFrom('ping', 'pong', 'drain', 'restart', '', 'PING');
    const text = fc
      .tuple(kind, object, fc.constantFrom('}', '', '}x', '} '))
      .map(([type, members, end]) => `{"type":"server_${type}"${members}${end}`);
    fc.assert(
      fc.property(fc.oneof({ weight: 5, arbitrary: text }, fc.json(), fc.string()), (data) => {
        expect(jsonCodec.read(data) !== undefined).toBe(isHeartbeat(data));
      }),
      { numRuns: 2_000 },
    );
  });

  it.each([new ArrayBuffer(3), new Blob(['x']), Buffer.from('{"type":"server_ping","ts":1,"interval":1}')])(
    'leaves bytes to the app: %p',
    (data) => {
      expect(jsonCodec.read(data)).toBeUndefined();
    },
  );
});
