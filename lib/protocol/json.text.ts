const BRACE = 0x7b;
const BACKSLASH = 0x5c;
const UNDERSCORE = 0x5f;
const LOWER_T = 0x74;
const LOWER_U = 0x75;

// `ignoreBOM` keeps a byte order mark in the text, where JSON.parse refuses it as the app's own parser would.
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** Bytes up to which one loop is done before a search of native code for each mark has begun. */
const SHORT = 128;

/** A byte that stands beside another: `distance` is from the first, the rarer one, to the other. */
export interface BytePair {
  readonly byte: number;
  readonly distance: 1 | -1;
  readonly other: number;
}

const CLIENT_UNDERSCORE: BytePair = { byte: UNDERSCORE, distance: -1, other: LOWER_T };
const UNICODE_ESCAPE: BytePair = { byte: BACKSLASH, distance: 1, other: LOWER_U };

/**
 * What the text of a frame says, if it may be a message of ours at all; `undefined` for nearly every other. Sound for
 * what `JSON.parse` accepts: a type of ours is written with `client_`, or with a `\\u` escape in it.
 */
export function parseOurs(data: Uint8Array): unknown {
  return parseIfMarked(data, BRACE, CLIENT_UNDERSCORE);
}

/**
 * Says no to nearly every message of the app without parsing it.
 *
 * @param opener the first byte of what is looked for, after white space
 * @param mark bytes that stand somewhere in what is looked for, unless it is written with a `\\u` escape
 * @returns `undefined` for what is not looked for or no JSON
 */
export function parseIfMarked(data: Uint8Array, opener: number, mark: BytePair): unknown {
  let at = 0;
  while (at < data.length && isJsonSpace(data[at]!)) at++;
  if (data[at] !== opener) return undefined;
  const isMarked = data.length <= SHORT ? scan(data, mark) : has(data, mark) || has(data, UNICODE_ESCAPE);
  return isMarked ? parseJson(data) : undefined;
}

/** The text of a frame. */
export function textOf(data: Uint8Array): string {
  return decoder.decode(data);
}

/** What a text says; `undefined` for what is no JSON. */
export function parseJson(data: Uint8Array | string): unknown {
  try {
    return JSON.parse(typeof data === 'string' ? data : textOf(data));
  } catch {
    return undefined;
  }
}

/** A JSON object by its keys; `undefined` for lists and for what is no object. */
export function objectOf(value: unknown): Record<string, unknown> | undefined {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isObject ? (value as Record<string, unknown>) : undefined;
}

/** Whether a mark, or an escape, stands in a short text. */
function scan(data: Uint8Array, { byte, distance, other }: BytePair): boolean {
  for (let at = 0; at < data.length; at++) {
    const here = data[at];
    if (here === byte && data[at + distance] === other) return true;
    if (here === BACKSLASH && data[at + 1] === LOWER_U) return true;
  }
  return false;
}

function has(data: Uint8Array, { byte, distance, other }: BytePair): boolean {
  for (let at = data.indexOf(byte); at >= 0; at = data.indexOf(byte, at + 1)) {
    if (data[at + distance] === other) return true;
  }
  return false;
}

function isJsonSpace(byte: number): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}
