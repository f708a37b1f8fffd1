import type { Sendable } from './outbox.js';

/** `readyState` of a socket. */
export const CONNECTING = 0;
export const OPEN = 1;
export const CLOSING = 2;
export const CLOSED = 3;

/** What we use of a socket: the standard `WebSocket`, Node's, or that of `ws`. */
export interface WebSocketLike {
  readonly readyState: number;
  readonly url: string;
  readonly bufferedAmount: number;
  readonly protocol: string;
  readonly extensions: string;
  binaryType: string;
  send(data: Sendable): void;
  close(code?: number, reason?: string): void;
  /** Of `ws` only: ends the TCP connection at once. */
  terminate?(): void;
  addEventListener(
    type: string,
    listener: (...event: any[]) => void,
    options?: { readonly once?: boolean },
  ): void;
  removeEventListener(type: string, listener: (...event: any[]) => void): void;
}

/** A class of such sockets. */
export type SocketClass = new (...urlAndProtocols: any[]) => WebSocketLike;
