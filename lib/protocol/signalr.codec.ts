import type {
  HeartbeatAsker,
  HeartbeatCodec,
  PassingMessage,
  RecognisedHeartbeat,
  SpeakingClients,
  WireState,
} from './heartbeat.codec.js';
import { parseJson, objectOf } from './json.text.js';
import type { ServerMessage } from './messages.js';
import { signalrOpening } from './signalr.handshake.js';

const RECORD_SEPARATOR = 0x1e;
const BRACE = 0x7b;
const DIGIT_6 = 0x36;
const DIGIT_9 = 0x39;
const PING_TYPE = 6;
const PING_RECORD = '{"type":6}\x1e';
/** In the MessagePack hub protocol: a length of two, a list of one, the number of the type. */
const PING_BYTES = Uint8Array.of(0x02, 0x91, PING_TYPE);
const PING: RecognisedHeartbeat = { kind: 'ask' };

/**
 * The wire of ASP.NET Core SignalR: each side says `{"type":6}` by itself, and nobody answers. The hub protocols `json`
 * and `messagepack` are spoken, as the client's handshake asks; nothing of ours goes out before the app's reply to it.
 *
 * `intervalMs` is the client's `keepAliveIntervalInMilliseconds`, or more, and well below its `serverTimeoutInMilliseconds`.
 */
export class SignalrCodec implements HeartbeatCodec {
  readonly name = 'signalr';
  readonly asks: HeartbeatAsker = 'both';
  readonly defaultIntervalMs: number;

  /** @param options say what `keepAliveIntervalInMilliseconds` the clients have; SignalR's default is 15 s, on both sides */
  constructor({ clientIntervalMs = 15_000 }: SpeakingClients = {}) {
    this.defaultIntervalMs = clientIntervalMs;
  }

  recognise(data: Uint8Array, isBinary: boolean): RecognisedHeartbeat | undefined {
    return (isBinary ? isPingBytes(data) : isPingText(data)) ? PING : undefined;
  }

  encode({ type }: ServerMessage, dialect?: string): string | Uint8Array | undefined {
    if (type !== 'server_ping') return undefined;
    if (dialect === 'json') return PING_RECORD;
    return dialect === 'messagepack' ? PING_BYTES : undefined;
  }

  opening(passing: PassingMessage, state: WireState | undefined): WireState | undefined {
    return signalrOpening(passing, state);
  }
}

/** Whether a frame holds pings and nothing else: with anything beside them it is the app's. */
function isPingText(data: Uint8Array): boolean {
  if (data.at(-1) !== RECORD_SEPARATOR || !mayHoldSix(data)) return false;
  for (let from = 0; from < data.length;) {
    const end = data.indexOf(RECORD_SEPARATOR, from);
    if (objectOf(parseJson(data.subarray(from, end)))?.['type'] !== PING_TYPE) return false;
    from = end + 1;
  }
  return true;
}

/** Says no to most messages of the app. Whatever JSON reads as 6 has that digit, or is 5.99… with sixteen nines. */
function mayHoldSix(data: Uint8Array): boolean {
  return data.includes(BRACE) && (data.includes(DIGIT_6) || data.includes(DIGIT_9));
}

function isPingBytes(data: Uint8Array): boolean {
  const { length } = PING_BYTES;
  return (
    data.length > 0 &&
    data.length % length === 0 &&
    data.every((byte, at) => byte === PING_BYTES[at % length])
  );
}
