import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';

/** What a tapped socket tells about itself, with the record it was opened with. */
export interface SocketObserver<Record> {
  /** A whole message has arrived. @returns true to keep it from everybody else */
  message(record: Record, data: Uint8Array, isBinary: boolean): boolean;
  /** A protocol ping or pong has arrived. */
  control(record: Record, kind: 'ping' | 'pong', payload: Uint8Array): void;
  /** The app has sent something, as it gave it to its library; absent where nobody wants to know. */
  sent?(record: Record, data: unknown, options: unknown): void;
  /** The app has ended the message that it was sending in fragments. */
  messageFinished(record: Record): void;
  /** Somebody (the app, the peer, or we) has begun to close the socket; with the code of the close frame sent, if any. */
  closing(record: Record, sentCode: number | undefined): void;
  /** The socket is gone. */
  closed(record: Record, code: number, reason: string): void;
  /** The app has paused or resumed the socket. */
  paused(record: Record, isPaused: boolean): void;
}

/** What a driver needs of the record behind a socket. */
export interface ObservedSocket {
  readonly observer: SocketObserver<ObservedSocket>;
  /** Between the first and the last fragment of a message that the app is sending: no data frame of ours may go out. */
  midMessage: boolean;
  /** Fragments that the app has sent, without the last one of a message. */
  fragments: number;
}

/** Called for each socket of an attached server, once. */
export type SocketOpened = (
  socket: object,
  request: IncomingMessage | undefined,
) => ObservedSocket | undefined;

/** Where the record of a socket is kept on the socket itself; the same in the ESM and the CommonJS copy. */
export const CONNECTION: unique symbol = Symbol.for('nestjs-connection-health/connection') as never;

/** Looks up the record of a socket; `undefined` where there is none. */
export function recordOf(socket: unknown): ObservedSocket | undefined {
  if (typeof socket !== 'object' || socket === null) return undefined;
  return (socket as { [CONNECTION]?: ObservedSocket })[CONNECTION];
}

/** The TCP connection under a socket, as far as it is one: in tests and behind odd adapters it may be any stream. */
export type RawSocket = Partial<
  Pick<
    Socket,
    | 'bytesRead'
    | 'bytesWritten'
    | 'writableLength'
    | 'isPaused'
    | 'setKeepAlive'
    | 'cork'
    | 'uncork'
    | 'remoteAddress'
    | 'errored'
    | 'readableEnded'
    | 'destroyed'
    | 'destroy'
  >
> & {
  /** libuv's stream: unpublished, but stable since Node 8 (lib/net.js, `_onTimeout`). Optional wherever it is used. */
  readonly _handle?: { readonly writeQueueSize?: number } | null;
};

/** One library's way to do what all servers and sockets do. Holds no state of its own about sockets. */
export interface TransportDriver {
  readonly name: string;
  /** Whether an object is a server of this library: by shape, since two copies of a library are usual. */
  recognises(server: unknown): boolean;
  /**
   * Observes every socket of a server, those that are there already included.
   *
   * @returns observes no later ones; each socket is let go by {@link release}
   */
  attach(attachment: { server: object; opened: SocketOpened }): () => void;
  /** Observes one socket that was missed. */
  adopt(attachment: { socket: object; opened: SocketOpened }): void;
  /** The TCP connection of a socket. */
  raw(socket: object, request: IncomingMessage | undefined): RawSocket | undefined;
  /** Whether frames can be sent. */
  isOpen(socket: object): boolean;
  /**
   * Whether bytes of the peer were read that the library has not made a message of yet: a compressed one is in the
   * inflater, which is asynchronous and serves ten at a time in the whole process (ws, lib/permessage-deflate.js).
   */
  isDigesting(socket: object): boolean;
  /** Bytes that were sent but have not left this process. */
  bufferedBytes(socket: object): number;
  /** Sends a data frame below the app's own hooks; `flushed` is called when it was handed to the kernel. */
  send(socket: object, frame: string | Uint8Array, flushed?: () => void): void;
  /** Sends a protocol ping. */
  ping(socket: object, payload: Uint8Array): void;
  /** Begins the closing handshake. */
  close(socket: object, code: number, text: string): void;
  /** Destroys the socket at once. */
  terminate(socket: object): void;
  /** The sockets that a server itself knows of; `undefined` where it keeps no list. */
  socketsOf(server: object): ReadonlySet<object> | undefined;
  /** What was agreed on with the peer; `maxPayload` in bytes, `undefined` where there is no limit or none is known. */
  agreedWith(socket: object): { readonly extensions: string; readonly maxPayload: number | undefined };
  /** Whether the peer's close frame has arrived. */
  wasToldToClose(socket: object): boolean;
  /** What the app sends on a socket goes nowhere from now on. @returns takes it back */
  mute(socket: object): () => void;
  /** Answers every new upgrade with 503 from now on. @returns takes it back */
  refuseUpgrades(server: object, retryAfterS: number): () => void;
  /** Forgets the record of a socket that lives on. */
  release(socket: object): void;
}
