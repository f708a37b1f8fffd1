import * as fc from 'fast-check';

import type { Frame } from '../support/frames.js';

/** What rule R9 says of a frame, in the terms of one wire. */
export type WireRuling =
  | 'app'
  | 'malformed'
  | 'resume'
  | { readonly kind: 'answer'; readonly ts: number; readonly state?: string | undefined }
  | { readonly kind: 'ask'; readonly ts?: number; readonly echo?: string };

/** One wire: what its messages look like, well formed or nearly, and the rule once more with nothing but `JSON.parse`. */
export interface WireRule {
  /** Values whose JSON, spelled in any way, is sent. */
  readonly messages: fc.Arbitrary<unknown>;
  /** What comes around each message. */
  readonly end?: string;
  readonly rule: (text: string) => WireRuling;
}

export function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** A character as JSON may write it as well. */
function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

/** Spells a JSON text anew: some letters as escapes, some white space between its tokens. */
function respelled(json: string, picks: readonly number[]): string {
  let at = 0;
  const pick = (): number => picks[at++ % picks.length] ?? 0;
  const tokens = json.match(/"(?:[^"\\]|\\.)*"|[^"]/g) ?? [];
  return tokens
    .map((token) => {
      if (!token.startsWith('"')) return token + ['', '', ' ', '\n\t'][pick() % 4]!;
      const letters = token.slice(1, -1).match(/\\u[0-9a-f]{4}|\\.|[^\\]/g) ?? [];
      return `"${letters.map((letter) => (letter.length === 1 && pick() % 12 === 0 ? escaped(letter) : letter)).join('')}"`;
    })
    .join('');
}

const damages = ['none', 'none', 'none', 'none', 'cut', 'bom', 'tail', 'twice', 'number'] as const;

function damaged(text: string, damage: (typeof damages)[number], at: number): string {
  if (damage === 'cut') return text.slice(0, at % (text.length + 1));
  if (damage === 'bom') return `\ufeff${text}`;
  if (damage === 'tail') return `${text}x`;
  if (damage === 'twice') return text + text;
  return damage === 'number'
    ? text.replaceAll(/\b6\b/g, ['6.0', '60e-1', '0.6E1', '5.9999999999999999999'][at % 4]!)
    : text;
}

/** Frames of a wire, spelled in all ways, damaged, empty, or none of it. */
export function framesOf({ messages, end = '' }: WireRule): fc.Arbitrary<Frame> {
  const spelled = fc
    .tuple(
      fc.array(messages, { minLength: 1, maxLength: end === '' ? 1 : 3 }),
      fc.array(fc.nat(1_000), { minLength: 1, maxLength: 40 }),
      fc.constantFrom(...damages),
      fc.nat(200),
    )
    .map(([values, picks, damage, at]) => {
      const text = values.map((value) => respelled(JSON.stringify(value) ?? '', picks) + end).join('');
      return Buffer.from(damaged(text, damage, at));
    });
  const data = fc.oneof(
    { weight: 12, arbitrary: spelled },
    { weight: 1, arbitrary: fc.json().map((json) => Buffer.from(json + end)) },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)) },
  );
  const isBinary = fc.oneof(
    { weight: 8, arbitrary: fc.constant(false) },
    { weight: 1, arbitrary: fc.constant(true) },
  );
  return fc.record({ data, isBinary });
}
