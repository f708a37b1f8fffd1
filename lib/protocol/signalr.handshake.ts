import type { PassingMessage, WireState } from './heartbeat.codec.js';
import { objectOf, parseJson } from './json.text.js';

type Dialect = 'json' | 'messagepack' | 'other';

/** The hub protocols whose pings we know. Blazor's is MessagePack with types of its own. */
const DIALECTS: Readonly<Record<string, Dialect>> = {
  json: 'json',
  messagepack: 'messagepack',
  blazorpack: 'messagepack',
};

/** One object each, whoever is connected. */
const WAITING: Readonly<Record<Dialect, WireState>> = {
  json: { isOpen: false, turn: 'app', dialect: 'json' },
  messagepack: { isOpen: false, turn: 'app', dialect: 'messagepack' },
  other: { isOpen: false, turn: 'app', dialect: 'other' },
};
const OPEN: Readonly<Record<Dialect, WireState>> = {
  json: { isOpen: true, dialect: 'json' },
  messagepack: { isOpen: true, dialect: 'messagepack' },
  other: { isOpen: true, dialect: 'other' },
};

const RECORD_SEPARATOR = 0x1e;
/** A handshake is short: `{"protocol":"messagepack","version":2}` and the like. */
const MAX_HANDSHAKE = 1024;

/**
 * The handshake of SignalR: the client names its hub protocol, and the app replies with an empty object, or with an
 * error. Both are JSON, also where the hub protocol is binary, and other records may follow in the same frame.
 */
export function signalrOpening(passing: PassingMessage, state: WireState | undefined): WireState | undefined {
  const record = objectOf(firstRecordOf(passing.data));
  if (state === undefined) return passing.from === 'client' ? requested(record, passing) : undefined;
  const isReply =
    passing.from === 'app' && record !== undefined && !('error' in record) && !('type' in record);
  return isReply ? OPEN[state.dialect as Dialect] : undefined;
}

function requested(
  record: Record<string, unknown> | undefined,
  { isBinary }: PassingMessage,
): WireState | undefined {
  const protocol = record?.['protocol'];
  if (typeof protocol === 'string')
    return WAITING[Object.hasOwn(DIALECTS, protocol) ? DIALECTS[protocol]! : 'other'];
  // A client sends nothing but its request before the reply: this one was connected before it was watched.
  if (isBinary) return OPEN.messagepack;
  return typeof record?.['type'] === 'number' ? OPEN.json : undefined;
}

function firstRecordOf(data: string | Uint8Array): unknown {
  const end = typeof data === 'string' ? data.indexOf('\x1e') : data.indexOf(RECORD_SEPARATOR);
  if (end < 0 || end > MAX_HANDSHAKE) return undefined;
  return parseJson(typeof data === 'string' ? data.slice(0, end) : data.subarray(0, end));
}
