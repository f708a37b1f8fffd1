import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';

import {
  AUDIT_LIMITS,
  encodeAudit,
  recogniseAudit,
  type AuditAsk,
} from '../../lib/protocol/audit.messages.js';
import { JsonCodec } from '../../lib/protocol/json.codec.js';
import { frames } from '../support/frames.js';

const ascii = (maxLength: number): fc.Arbitrary<string> =>
  fc.string({
    unit: fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCharCode(code)),
    maxLength,
  });

const id = fc.nat();
const nonce = ascii(AUDIT_LIMITS.nonceLength).filter((text) => text !== '');

const asks: fc.Arbitrary<AuditAsk> = fc.oneof(
  fc.record({ ask: fc.constant('begin' as const), id, token: ascii(256), run: ascii(64) }),
  fc.record({ ask: fc.constantFrom('echo', 'terminate', 'end'), id }),
  fc.record({ ask: fc.constant('ping' as const), id, nonce, waitMs: fc.integer({ min: 1, max: 30_000 }) }),
  fc.record({ ask: fc.constant('saw' as const), id, nonce }),
  fc.record({ ask: fc.constant('quiet' as const), id, ms: fc.integer({ min: 1, max: 600_000 }) }),
  fc.record({ ask: fc.constant('frame' as const), id, bytes: fc.integer({ min: 1, max: 16_777_216 }) }),
  fc.record({
    ask: fc.constant('close' as const),
    id,
    code: fc.integer({ min: 3000, max: 4999 }),
    reason: ascii(100),
  }),
  fc.record({ ask: fc.constant('fate' as const), id, session: ascii(64) }),
);

const strange = fc.oneof(
  fc.constantFrom(null, -1, 1.5, Infinity, 600_001, '', 'x'.repeat(300), true, [], {}, 'ü', '\u0000', NaN),
  fc.jsonValue({ maxDepth: 1 }),
);

function encoded(message: object): Uint8Array {
  return new TextEncoder().encode(JSON.stringify({ type: 'client_audit', ...message }));
}

describe('client_audit', () => {
  it('is read as it was written', () => {
    fc.assert(
      fc.property(asks, (ask) => {
        const data = encoded(ask);
        fc.pre(data.byteLength <= AUDIT_LIMITS.askBytes);
        expect(recogniseAudit(data, false)).toEqual(ask);
      }),
    );
  });

  it('with something strange in any field is malformed or harmless, and never throws', () => {
    const fields = fc.constantFrom(
      'ask',
      'id',
      'token',
      'run',
      'nonce',
      'waitMs',
      'ms',
      'bytes',
      'code',
      'reason',
    );
    fc.assert(
      fc.property(asks, fields, strange, (ask, field, value) => {
        const data = encoded({ ...ask, [field]: value });
        const read = recogniseAudit(data, false);
        // What is taken is within its bounds: it would be read the same again.
        const again = typeof read === 'object' ? recogniseAudit(encoded(read), false) : read;
        expect(again).toEqual(read);
        expect(read === undefined).toBe(data.byteLength > AUDIT_LIMITS.askBytes);
      }),
      { numRuns: 1_000 },
    );
  });

  it("is nothing but that: frames of every other kind are the app's, and heartbeats stay heartbeats", () => {
    const codec = new JsonCodec();
    fc.assert(
      fc.property(frames, ({ data, isBinary }) => {
        const read = recogniseAudit(data, isBinary);
        const heartbeat = codec.recognise(data, isBinary);
        expect(read !== undefined && heartbeat !== undefined).toBe(false);
        expect(read !== undefined).toBe(isAudit(data, isBinary));
      }),
      { numRuns: 2_000 },
    );
  });

  it('is no question as a binary frame, or above 1 KiB', () => {
    const data = encoded({ ask: 'echo', id: 1 });
    expect(recogniseAudit(data, true)).toBeUndefined();
    expect(recogniseAudit(encoded({ ask: 'echo', id: 1, pad: 'x'.repeat(1_000) }), false)).toBeUndefined();
  });

  it.each([1004, 1005, 1006, 1015, 999, 2999, 5000])('cannot ask for a close with %s', (code) => {
    expect(recogniseAudit(encoded({ ask: 'close', id: 1, code, reason: '' }), false)).toBe('malformed');
  });
});

describe('server_audit', () => {
  it('says what it is', () => {
    expect(encodeAudit({ id: 3, echo: true })).toBe('{"type":"server_audit","id":3,"echo":true}');
  });
});

/** Rule R9, by nothing but `JSON.parse`. */
function isAudit(data: Buffer, isBinary: boolean): boolean {
  if (isBinary || data.byteLength > 1024) return false;
  try {
    const value: unknown = JSON.parse(data.toString('utf8'));
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
    return Object.hasOwn(value, 'type') && (value as { type: unknown }).type === 'client_audit';
  } catch {
    return false;
  }
}
