import type { HeartbeatCodec, RecognisedHeartbeat } from './heartbeat.codec.js';
import type { ServerMessage } from './messages.js';

const BRACE = 0x7b;
const BACKSLASH = 0x5c;
const UNDERSCORE = 0x5f;
const LOWER_T = 0x74;
const LOWER_U = 0x75;

/** JSON text frames whose `type` is `client_pong`, `client_ping` or `client_resume`. */
export class JsonCodec implements HeartbeatCodec {
  readonly name = 'json';

  // `ignoreBOM` keeps a byte order mark in the text, where JSON.parse refuses it as the app's own parser would.
  private readonly decoder = new TextDecoder('utf-8', { ignoreBOM: true });

  recognise(data: Uint8Array, isBinary: boolean): RecognisedHeartbeat | undefined {
    if (isBinary || !mayBeHeartbeat(data)) return undefined;
    return recogniseMessage(parse(this.decoder.decode(data)));
  }

  encode(message: ServerMessage): string {
    return JSON.stringify(message);
  }
}

/**
 * Whether a value that somebody else has already parsed is a heartbeat message.
 *
 * @returns what it is, or `undefined` for anything else
 */
export function recogniseMessage(value: unknown): RecognisedHeartbeat | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const message = value as Record<string, unknown>;
  switch (message['type']) {
    case 'client_pong':
      return withTs(message, (ts) => ({ kind: 'answer', ts, state: text(message['state']) }));
    case 'client_ping':
      return withTs(message, (ts) => ({ kind: 'ask', ts }));
    case 'client_resume':
      return {
        kind: 'resume',
        reason: text(message['reason']),
        offlineMs: count(message['offlineMs']),
        attempts: count(message['attempts']),
      };
    default:
      return undefined;
  }
}

/**
 * Says no to nearly every message of the app without parsing it. Sound for what `JSON.parse` accepts: an object begins
 * with a brace after white space, and a type of ours is written with `client_` or with a `\\u` escape in it.
 */
function mayBeHeartbeat(data: Uint8Array): boolean {
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

function withTs(
  message: Record<string, unknown>,
  build: (ts: number) => RecognisedHeartbeat,
): RecognisedHeartbeat {
  const ts = message['ts'];
  return typeof ts === 'number' && Number.isFinite(ts) ? build(ts) : { kind: 'malformed' };
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function count(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : undefined;
}
