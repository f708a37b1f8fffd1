import type { HeartbeatCodec, RecognisedHeartbeat } from './heartbeat.codec.js';
import { parseOurs } from './json.text.js';
import type { ServerMessage } from './messages.js';

/** JSON text frames whose `type` is `client_pong`, `client_ping` or `client_resume`. */
export class JsonCodec implements HeartbeatCodec {
  readonly name = 'json';

  recognise(data: Uint8Array, isBinary: boolean): RecognisedHeartbeat | undefined {
    return isBinary ? undefined : recogniseMessage(parseOurs(data));
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
