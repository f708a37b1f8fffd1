import type { HeartbeatCodec, RecognisedHeartbeat } from './heartbeat.codec.js';
import { MAX_ECHO } from './heartbeat.codec.js';
import { writtenFields } from './json.members.js';
import { objectOf, parseIfMarked, textOf, type BytePair } from './json.text.js';
import type { ServerMessage } from './messages.js';

const BRACE = 0x7b;
/** The end of `"ping"` and `"pong"`. */
const G_AND_QUOTE: BytePair = { byte: 0x67, distance: 1, other: 0x22 };

/** Options of {@link GraphqlWsCodec}. */
export interface GraphqlWsCodecOptions {
  /**
   * Whether pings that a client sends by itself are answered here, below the app, or left to the app, whose GraphQL
   * server may have an `onPing` that wants to see them.
   * @default 'answer'
   */
  readonly clientPings?: 'answer' | 'leave';
}

/**
 * The wire of `graphql-transport-ws`: a ping of ours carries its `ts` in the payload, which clients hand back in their
 * pong. Pings and pongs of the app's own GraphQL server have other payloads and stay the app's.
 */
export class GraphqlWsCodec implements HeartbeatCodec {
  readonly name = 'graphql-ws';
  private readonly answersPings: boolean;

  /** @throws TypeError for an option that is neither */
  constructor({ clientPings = 'answer' }: GraphqlWsCodecOptions = {}) {
    if (!['answer', 'leave'].includes(clientPings)) {
      const got = JSON.stringify(clientPings);
      throw new TypeError(`GraphqlWsCodec: option "clientPings": expected "answer" or "leave", got ${got}`);
    }
    this.answersPings = clientPings === 'answer';
  }

  recognise(data: Uint8Array, isBinary: boolean): RecognisedHeartbeat | undefined {
    if (isBinary) return undefined;
    const message = objectOf(parseIfMarked(data, BRACE, G_AND_QUOTE));
    if (message?.['type'] === 'pong') return answerOf(objectOf(message['payload']));
    if (message?.['type'] !== 'ping' || !this.answersPings) return undefined;
    return askOf(message['payload'], data);
  }

  encode(message: ServerMessage): string | undefined {
    if (message.type === 'server_ping') return JSON.stringify({ type: 'ping', payload: message });
    if (message.type !== 'server_pong') return undefined;
    return message.echo === undefined ? '{"type":"pong"}' : `{"type":"pong","payload":${message.echo}}`;
  }
}

/** Not all implementations hand the payload back: without it, a pong may be the app's. */
function answerOf(payload: Record<string, unknown> | undefined): RecognisedHeartbeat {
  if (payload?.['type'] !== 'server_ping') return { kind: 'spoken' };
  const { ts } = payload;
  return typeof ts === 'number' && Number.isFinite(ts) ? { kind: 'answer', ts } : { kind: 'malformed' };
}

/** A payload is optional, and an object where it is there; the answer repeats it as it is written, unless it is long. */
function askOf(payload: unknown, data: Uint8Array): RecognisedHeartbeat | undefined {
  if (payload === undefined) return { kind: 'ask' };
  if (objectOf(payload) === undefined) return undefined;
  const echo = writtenFields(textOf(data)).get('payload')!;
  return echo.length <= MAX_ECHO ? { kind: 'ask', echo } : { kind: 'ask' };
}
