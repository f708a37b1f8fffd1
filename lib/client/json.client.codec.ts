import type { ServerMessage } from '../protocol/messages.js';
import type { ClientCodec } from './client.codec.js';

/** What every message of our server begins with: it writes `type` first. */
const BEGINNING = '{"type":"server_';

/** The number that makes a message what its type says; nothing else is taken from the app. */
const NUMBERS = new Map<unknown, string>([
  ['server_ping', 'interval'],
  ['server_pong', 'ts'],
  ['server_drain', 'reconnectInMs'],
]);

/** JSON text frames, the default wire of the server. */
export const jsonCodec: ClientCodec = {
  read(data) {
    if (typeof data !== 'string' || !data.startsWith(BEGINNING)) return undefined;
    try {
      const message = JSON.parse(data) as Record<string, unknown>;
      const number = NUMBERS.get(message['type']);
      const isOurs = Number.isFinite(number && message[number]);
      return isOurs ? (message as unknown as ServerMessage) : undefined;
    } catch {
      return undefined;
    }
  },
  write: JSON.stringify,
};
