import type { ReconnectAdvice } from '../protocol/close-reasons.js';
import type { ClientCodec } from './client.codec.js';
import type { HealthyCloseEvent } from './client.events.js';
import type { QueueSettings } from './outbox.js';
import type { SocketClass, WebSocketLike } from './websocket.like.js';

/** Options of `HealthyWebSocket`. Every one is optional. All times are milliseconds. */
export interface HealthyWebSocketOptions {
  /** The class of the sockets. @default the global `WebSocket` */
  WebSocket?: SocketClass;
  /** The wire of the server; `false` for a server that is not ours: no heartbeats are answered or hidden. @default JSON */
  codec?: ClientCodec | false;
  /** How often the server is heard of. Our server says it itself. @default what the first `server_ping` says */
  intervalMs?: number;
  /** How much later than that the server may be heard of, and how long it has for the answer to the one question after. @default 5_000 */
  graceMs?: number;
  /** How long a handshake may take, and before it the function that gives the url. @default 10_000 */
  connectTimeoutMs?: number;
  /** Pauses between attempts: exponential, with full jitter. @default { initialMs: 1_000, maxMs: 30_000 } */
  backoff?: { initialMs?: number; maxMs?: number };
  /** How long a connection must last for the pauses to begin anew. @default 5_000 */
  minUptimeMs?: number;
  /** Attempts in a row without a connection that lasts `minUptimeMs`. @default Infinity */
  maxRetries?: number;
  /**
   * Whether to come back: `false` never does, for libraries that reconnect by themselves; a function may say it for each
   * close, and leaves the rest to the close code where it returns `undefined`.
   * @default true
   */
  reconnect?:
    | boolean
    | ((close: Pick<HealthyCloseEvent, 'code' | 'reason' | 'wasClean'>) => ReconnectAdvice | undefined);
  /**
   * Logs in on each new connection, on the raw socket. Nothing else of the app is sent before it has resolved. A rejection
   * ends the client: `error`, then `close`, then `end`.
   */
  authenticate?: (socket: WebSocketLike) => void | PromiseLike<void>;
  /** What waits while there is no connection. @default { maxMessages: 1_000, maxBytes: 1 MiB, drop: 'oldest' } */
  queue?: Partial<QueueSettings>;
  /** What the client says of itself in its answers, 32 characters. @default the page's visibility */
  state?: () => string | undefined;
}

/** Where to connect: a text, or a function that gives one for each attempt, for a fresh token. */
export type UrlSource = string | URL | (() => string | URL | PromiseLike<string | URL>);
