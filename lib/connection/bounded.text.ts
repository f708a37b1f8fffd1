// Control characters (C0, DEL, C1), line and paragraph separators, bidirectional controls and lone surrogates: what
// could end a log line, hide in one, or reorder it.
// eslint-disable-next-line no-control-regex -- they are what is looked for
const UNSAFE = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]|\p{Surrogate}/gu;

/**
 * Makes a text that a client chose fit to be logged, labelled, stored and shown (design rule R10): at most
 * `maxLength` characters of it, everything unsafe written as `\uXXXX`.
 */
export function boundedText(value: string, maxLength: number): string {
  const escaped = value.slice(0, maxLength).replace(UNSAFE, escapeCharacter);
  return value.length > maxLength ? detached(`${escaped}…`) : escaped;
}

/** A copy: V8 keeps a long text in memory as long as any part that was cut out of it lives. */
export function detached(text: string): string {
  return Buffer.from(text).toString();
}

function escapeCharacter(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
