import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';

import { boundedText } from '../../lib/connection/bounded.text.js';

// Unicode's own names for what R10 forbids: control characters, line and paragraph separators, everything that
// steers the direction of text, and halves of characters.
const FORBIDDEN = /\p{Cc}|\p{Zl}|\p{Zp}|\p{Bidi_Control}|\p{Surrogate}/u;

const nasty = fc.oneof(
  fc.constantFrom('\n', '\r', '\u0000', '\u001b[31m', '\u007f', '\u0085', '\u009b', '\u2028', '\u2029'),
  fc.constantFrom('\u061c', '\u200e', '\u200f', '\u202a', '\u202e', '\u2066', '\u2069'),
  fc.constantFrom('\ud800', '\udfff', '😀', 'é', '字', '\\u000a'),
  fc.string({ unit: 'binary', maxLength: 5 }),
  fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code)),
);
const anyText = fc.array(nasty, { maxLength: 40 }).map((parts) => parts.join(''));

describe('boundedText (R10)', () => {
  it('never lets through what could end a log line, hide in one, or reorder it', () => {
    fc.assert(
      fc.property(anyText, fc.nat({ max: 50 }), (text, maxLength) => {
        expect(boundedText(text, maxLength)).not.toMatch(FORBIDDEN);
      }),
      { numRuns: 5_000 },
    );
  });

  it('checks every character there is', () => {
    const through: string[] = [];
    for (let code = 0; code <= 0x10ffff; code++) {
      const character = String.fromCodePoint(code);
      if (FORBIDDEN.test(boundedText(character, 2))) through.push(`U+${code.toString(16)}`);
    }
    expect(through).toEqual([]);
  });

  it('is bounded: at most six characters for each that is kept, and an ellipsis', () => {
    fc.assert(
      fc.property(anyText, fc.nat({ max: 50 }), (text, maxLength) => {
        expect(boundedText(text, maxLength).length).toBeLessThanOrEqual(6 * maxLength + 1);
        expect(boundedText(text, maxLength).endsWith('…') && !text.endsWith('…')).toBe(
          text.length > maxLength && !text.endsWith('…'),
        );
      }),
    );
  });

  it('leaves ordinary text as it is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme-ascii' }), (text) => {
        expect(boundedText(text, text.length)).toBe(text);
      }),
    );
    expect(boundedText('Zoë 字 😀', 100)).toBe('Zoë 字 😀');
  });

  it.each([
    ['\r\nlevel=error', 100, '\\u000d\\u000alevel=error'],
    ['abc', 2, 'ab…'],
    ['a😀', 2, 'a\\ud83d…'],
    ['user\u202egnp.exe', 100, 'user\\u202egnp.exe'],
    ['', 10, ''],
  ])('writes %j cut to %d as %j', (text, maxLength, written) => {
    expect(boundedText(text, maxLength)).toBe(written);
  });
});
