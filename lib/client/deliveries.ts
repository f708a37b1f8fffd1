import { fenced } from './fenced.js';
import type { Outbox, Sendable } from './outbox.js';
import { OPEN, type WebSocketLike } from './websocket.like.js';

/** A message that is sent on each connection anew. */
export type SubscriptionMessage = Sendable | (() => Sendable);

/** What the app sends: its subscriptions on each connection anew, and every other message on one connection only. */
export class Deliveries {
  readonly #subscriptions = new Map<unknown, { readonly message: SubscriptionMessage }>();
  readonly #outbox: Outbox;
  readonly #failed: (error: unknown) => void;
  /** The one that the app may send on, as long as it is open. */
  #socket: WebSocketLike | undefined;

  /**
   * @param outbox what waits for a connection
   * @param failed told of a subscription that threw
   */
  constructor(outbox: Outbox, failed: (error: unknown) => void) {
    this.#outbox = outbox;
    this.#failed = failed;
  }

  /** A connection is ready: subscriptions first, then what has waited. */
  begin(socket: WebSocketLike): void {
    for (const { message } of this.#subscriptions.values()) this.#transmit(socket, message);
    while (socket.readyState === OPEN) {
      const data = this.#outbox.take();
      if (data === undefined) break;
      this.#transmit(socket, data);
    }
    // Not before: a subscription may send, too, and must not overtake what waits.
    this.#socket = socket;
  }

  send(data: Sendable): void {
    if (this.#socket?.readyState === OPEN) this.#socket.send(data);
    else this.#outbox.add(data);
  }

  /** @returns forgets it */
  subscribe(key: unknown, message: SubscriptionMessage): () => void {
    const subscription = { message };
    this.#subscriptions.delete(key);
    this.#subscriptions.set(key, subscription);
    this.#transmit(this.#socket, message);
    return () => {
      if (this.#subscriptions.get(key) === subscription) this.#subscriptions.delete(key);
    };
  }

  #transmit(socket: WebSocketLike | undefined, message: SubscriptionMessage): void {
    fenced(() => {
      if (socket?.readyState === OPEN) socket.send(typeof message === 'function' ? message() : message);
    }, this.#failed);
  }
}
