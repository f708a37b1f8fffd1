import { decode, encode } from '@msgpack/msgpack';
import type { HeartbeatCodec } from 'nestjs-connection-health';

/** Maps with an `event` and `data`; the client answers `ping` with `pong` and the same `data`. */
export const msgpackCodec: HeartbeatCodec = {
  name: 'chat-msgpack',
  recognise(data, isBinary) {
    if (!isBinary) return undefined;
    const message = decode(data) as { event?: unknown; data?: unknown } | null;
    if (message?.event !== 'pong') return undefined;
    return typeof message.data === 'number' ? { kind: 'answer', ts: message.data } : { kind: 'malformed' };
  },
  encode(message) {
    return message.type === 'server_ping' ? encode({ event: 'ping', data: message.ts }) : undefined;
  },
};
