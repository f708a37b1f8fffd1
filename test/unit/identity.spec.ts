import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';

import { identityOf } from '../../lib/connection/identity.js';

describe('identityOf', () => {
  it('keeps what is short and plain as it is', () => {
    expect(identityOf('ada@example.org')).toBe('ada@example.org');
    expect(identityOf(4711)).toBe('4711');
    expect(identityOf('x'.repeat(256))).toBe('x'.repeat(256));
  });

  it.each([undefined, null, ''])('takes %p for nobody', (value) => {
    expect(identityOf(value)).toBeUndefined();
  });

  it.each([true, Symbol('ada'), {}, ['ada'], 1n, () => 'ada'])(
    'refuses what is neither text nor number',
    (value) => {
      expect(() => identityOf(value)).toThrow(TypeError);
      expect(() => identityOf(value)).toThrow(/expected a text or a number, got \w+/);
    },
  );

  it('is bounded, holds no control characters, and is the same for the same (R10)', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 1, maxLength: 600 }), (value) => {
        const identity = identityOf(value)!;
        expect(identity.length).toBeLessThanOrEqual(6 * 256 + 1 + 16);
        // eslint-disable-next-line no-control-regex -- they are what is looked for
        expect(identity).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202e]/);
        expect(identityOf(value)).toBe(identity);
      }),
    );
  });

  it('tells apart those that look alike when they are cut or escaped', () => {
    const long = 'x'.repeat(300);
    const alike = [`${long}1`, `${long}2`, 'a\n', 'a\\u000a', 'a\r', `${'x'.repeat(256)}…`];
    expect(new Set(alike.map(identityOf)).size).toBe(alike.length);
  });
});
