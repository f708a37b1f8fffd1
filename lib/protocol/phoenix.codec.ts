import type {
  HeartbeatAsker,
  HeartbeatCodec,
  RecognisedHeartbeat,
  SpeakingClients,
} from './heartbeat.codec.js';
import { writtenItems } from './json.members.js';
import { parseIfMarked, textOf, type BytePair } from './json.text.js';
import type { ServerMessage } from './messages.js';

const BRACKET = 0x5b;
/** In `heartbeat`. */
const LETTERS_TB: BytePair = { byte: 0x62, distance: -1, other: 0x74 };
/** Places in a message of Phoenix' V2 serializer: join_ref, ref, topic, event, payload. */
const [REF, TOPIC, EVENT, LENGTH] = [1, 2, 3, 5];
/** The client counts its messages: a reference has some digits. */
const MAX_REF = 64;

/**
 * The wire of Phoenix channels (V2 serializer): the client asks on topic `phoenix`, and we answer with `phx_reply`. There
 * is no message with which a server could ask, and none that announces a drain.
 *
 * `intervalMs` is the client's `heartbeatIntervalMs`, or more: a client that asks less often looks dead.
 */
export class PhoenixCodec implements HeartbeatCodec {
  readonly name = 'phoenix';
  readonly asks: HeartbeatAsker = 'client';
  readonly defaultIntervalMs: number;

  /** @param options say what `heartbeatIntervalMs` the clients have; npm's `phoenix` has 30 s by default */
  constructor({ clientIntervalMs = 30_000 }: SpeakingClients = {}) {
    this.defaultIntervalMs = clientIntervalMs;
  }

  recognise(data: Uint8Array, isBinary: boolean): RecognisedHeartbeat | undefined {
    const message = isBinary ? undefined : parseIfMarked(data, BRACKET, LETTERS_TB);
    if (!Array.isArray(message) || message.length !== LENGTH) return undefined;
    if (message[TOPIC] !== 'phoenix' || message[EVENT] !== 'heartbeat') return undefined;
    // As it is written: clients compare it, and numbers lose digits on the way through JavaScript.
    const written = writtenItems(textOf(data))[REF]!;
    return isRef(message[REF], written) ? { kind: 'ask', echo: written } : { kind: 'malformed' };
  }

  encode(message: ServerMessage): string | undefined {
    if (message.type !== 'server_pong') return undefined;
    return `[null,${message.echo ?? 'null'},"phoenix","phx_reply",{"status":"ok","response":{}}]`;
  }
}

function isRef(ref: unknown, written: string): boolean {
  if (typeof ref === 'string') return ref.length <= MAX_REF;
  return ref === null || (typeof ref === 'number' && written.length <= MAX_REF);
}
