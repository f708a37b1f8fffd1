const BRACE = 0x7b;
const BACKSLASH = 0x5c;
const UNDERSCORE = 0x5f;
const LOWER_T = 0x74;
const LOWER_U = 0x75;

// `ignoreBOM` keeps a byte order mark in the text, where JSON.parse refuses it as the app's own parser would.
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** What the text of a frame says, if it may be a message of ours at all; `undefined` for nearly every other. */
export function parseOurs(data: Uint8Array): unknown {
  return mayBeOurs(data) ? parse(decoder.decode(data)) : undefined;
}

/**
 * Says no to nearly every message of the app without parsing it. Sound for what `JSON.parse` accepts: an object begins
 * with a brace after white space, and a type of ours is written with `client_` or with a `\\u` escape in it.
 */
function mayBeOurs(data: Uint8Array): boolean {
  let at = 0;
  while (at < data.length && isJsonSpace(data[at]!)) at++;
  if (data[at] !== BRACE) return false;
  return hasBeside(data, UNDERSCORE, -1, LOWER_T) || hasBeside(data, BACKSLASH, 1, LOWER_U);
}

/** Whether a byte stands beside another anywhere; `distance` is from the first, the rarer one, to the other. */
function hasBeside(data: Uint8Array, byte: number, distance: 1 | -1, other: number): boolean {
  for (let at = data.indexOf(byte); at >= 0; at = data.indexOf(byte, at + 1)) {
    if (data[at + distance] === other) return true;
  }
  return false;
}

function isJsonSpace(byte: number): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
