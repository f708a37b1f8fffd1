import { DropEvent } from './client.events.js';
import { resolveClientOptions } from './client.options.resolver.js';
import type { HealthyWebSocketOptions, UrlSource } from './client.options.js';
import { ConnectionKeeper } from './connection.keeper.js';
import type { SubscriptionMessage } from './deliveries.js';
import { EventSurface } from './event.surface.js';
import { sendable, type Sendable } from './outbox.js';
import { CLOSED, CLOSING, CONNECTING, OPEN } from './websocket.like.js';

/**
 * A `WebSocket` that answers the server's heartbeats, notices a server that is gone, and comes back.
 *
 * The surface is the standard one. `open` and `close` fire for each physical connection, `readyState` is CONNECTING while
 * away, and what is sent then waits. `close()` is final.
 *
 * @example
 * ```ts
 * const socket = new HealthyWebSocket('wss://example.org/chat');
 * socket.subscribe('news', JSON.stringify({ event: 'subscribe', data: 'news' }));
 * socket.onclose = ({ willReconnect, retryInMs }) => show(willReconnect ? `back in ${retryInMs} ms` : 'gone');
 * ```
 */
export class HealthyWebSocket extends EventSurface {
  static readonly CONNECTING = CONNECTING;
  static readonly OPEN = OPEN;
  static readonly CLOSING = CLOSING;
  static readonly CLOSED = CLOSED;
  readonly CONNECTING = CONNECTING;
  readonly OPEN = OPEN;
  readonly CLOSING = CLOSING;
  readonly CLOSED = CLOSED;

  readonly #keeper: ConnectionKeeper;

  /**
   * @throws what the standard class throws for a `url` or `protocols` that cannot be used, at once where `url` is no
   *   function
   * @throws TypeError for an option that cannot be used
   */
  constructor(url: UrlSource, protocols?: string | string[], options: HealthyWebSocketOptions = {}) {
    super();
    this.#keeper = new ConnectionKeeper({
      url,
      protocols,
      options: resolveClientOptions(options),
      emit: (event) => this.dispatchEvent(event),
    });
  }

  /** The same class with other defaults, for libraries that take a class of sockets. */
  static with(defaults: HealthyWebSocketOptions): typeof HealthyWebSocket {
    return class extends this {
      constructor(url: UrlSource, protocols?: string | string[], options?: HealthyWebSocketOptions) {
        super(url, protocols, { ...defaults, ...options });
      }
    };
  }

  get readyState(): 0 | 1 | 2 | 3 {
    return this.#keeper.state;
  }

  /** Of the current attempt, or the last one; empty until a function has given the first. */
  get url(): string {
    return this.#keeper.url;
  }

  get protocol(): string {
    return this.#keeper.socket?.protocol ?? '';
  }

  get extensions(): string {
    return this.#keeper.socket?.extensions ?? '';
  }

  /** Bytes that have not left yet, those that wait for a connection included. */
  get bufferedAmount(): number {
    return (this.#keeper.socket?.bufferedAmount ?? 0) + this.#keeper.outbox.bytes;
  }

  /** As long as it is not set, that of the class of the sockets: `blob` for the standard one. */
  get binaryType(): 'arraybuffer' | 'blob' {
    const { binaryType, socket } = this.#keeper;
    return (binaryType ?? socket?.binaryType ?? 'blob') as 'arraybuffer' | 'blob';
  }

  set binaryType(type: 'arraybuffer' | 'blob') {
    const { socket } = this.#keeper;
    this.#keeper.binaryType = type;
    if (socket) socket.binaryType = type;
  }

  /** Milliseconds from the last question of this client to its answer; `undefined` before the first. */
  get latencyMs(): number | undefined {
    return this.#keeper.dialogue.latencyMs;
  }

  /** Sends, or keeps it until there is a connection. What cannot be sent or kept is told by a `drop` event. */
  send(data: Sendable): void {
    const message = sendable(data);
    if (this.readyState >= CLOSING) this.dispatchEvent(new DropEvent(message, 'ended'));
    else this.#keeper.deliveries.send(message);
  }

  /**
   * Sends a message now and on each later connection, after the login and before what waited, in the order of the calls.
   *
   * @param key a later call with the same one replaces the message
   * @returns forgets it; telling the server is the app's affair
   */
  subscribe(key: unknown, message: SubscriptionMessage): () => void {
    return this.#keeper.deliveries.subscribe(key, message);
  }

  /** Asks the server for a sign of life now; without one within `graceMs`, three times that at most, it is given up. */
  check(): void {
    this.#keeper.dialogue.check();
  }

  /**
   * Ends for good. The last `close` event comes at the latest after five seconds.
   *
   * @param code 1000, or from 3000 to 4999
   * @param reason at most 123 bytes
   * @throws DOMException `InvalidAccessError` for another code, `SyntaxError` for a longer reason
   */
  close(code?: number, reason?: string): void {
    this.#keeper.close(code, reason);
  }
}
