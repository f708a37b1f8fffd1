import { describe, expect, it } from '@jest/globals';

import { CLOSE_REASONS, isSendableCode, reasonForCode } from '../../lib/protocol/close-reasons.js';
import { resolveOptions } from '../../lib/options/options.resolver.js';

/** The table of the design, section 6. Not every reason exists yet; what exists must be as written there. */
const DESIGN: Record<string, { code: number; text: string; reconnect: string }> = {
  stale_sweep: { code: 4000, text: 'stale connection', reconnect: 'backoff' },
  timeout: { code: 4001, text: 'heartbeat timeout', reconnect: 'backoff' },
  backpressure: { code: 4002, text: 'reader too slow', reconnect: 'backoff' },
  evicted: { code: 4003, text: 'evicted', reconnect: 'never' },
  shutdown: { code: 1012, text: 'service restart', reconnect: 'backoff' },
  abuse: { code: 1008, text: 'policy violation', reconnect: 'never' },
  clean: { code: 1000, text: '', reconnect: 'never' },
  error: { code: 1006, text: '', reconnect: 'backoff' },
};

describe('CLOSE_REASONS', () => {
  it('says what the design says', () => {
    const reasons = Object.keys(CLOSE_REASONS);
    expect(CLOSE_REASONS).toEqual(Object.fromEntries(reasons.map((reason) => [reason, DESIGN[reason]])));
    expect(reasons).toEqual(
      expect.arrayContaining(['stale_sweep', 'timeout', 'evicted', 'abuse', 'clean', 'error']),
    );
  });

  it('has only codes and texts that a close frame can carry where we send one', () => {
    const rows = Object.entries(CLOSE_REASONS);
    const unsendable = rows.filter(([, { code }]) => !isSendableCode(code)).map(([reason]) => reason);
    expect(unsendable).toEqual(['error']);
    expect(rows.filter(([, { text }]) => Buffer.byteLength(text) > 123)).toEqual([]);
  });

  it('is what the options start from', () => {
    const { closeCodes } = resolveOptions({ closeCodes: { timeout: 4901 } }).defaults;
    const sent = Object.entries(CLOSE_REASONS).filter(([reason]) => reason !== 'clean' && reason !== 'error');
    expect(closeCodes).toEqual({
      ...Object.fromEntries(sent.map(([reason, { code }]) => [reason, code])),
      timeout: 4901,
    });
  });
});

describe('reasonForCode', () => {
  it.each([
    [1000, 'clean'],
    [1001, 'clean'],
    [1005, 'clean'],
    [3000, 'clean'],
    [4001, 'clean'],
    [4999, 'clean'],
    [1002, 'error'],
    [1006, 'error'],
    [1007, 'error'],
    [1009, 'error'],
    [1011, 'error'],
    [1012, 'error'],
    [2999, 'error'],
    [5000, 'error'],
  ] as const)('names an end with %d %s', (code, reason) => {
    expect(reasonForCode(code)).toBe(reason);
  });
});

describe('isSendableCode', () => {
  it('accepts exactly what RFC 6455 section 7.4 and the IANA registry let a close frame carry', () => {
    const sendable = Array.from({ length: 6_000 }, (_, code) => code).filter(isSendableCode);
    const expected = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014];
    for (let code = 3000; code <= 4999; code++) expected.push(code);
    expect(sendable).toEqual(expected);
  });

  it.each([['1000'], [1000.5], [NaN], [Infinity], [-1000], [null], [undefined], [{}], [1000n]])(
    'refuses %p',
    (code) => {
      expect(isSendableCode(code)).toBe(false);
    },
  );
});
