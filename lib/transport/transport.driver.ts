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
  /** What sockets of a library with a wire and heartbeats of its own tell besides. */
  readonly session?: SessionObserver<Record>;
}

/** What is known of a connection that a library keeps over several transports and for several namespaces. */
export interface SessionFacts {
  /** What carries it at present: `websocket`, `polling` or `webtransport`. */
  readonly transport: string;
  /** The namespaces that its client has joined; at most {@link MAX_NAMESPACES}, by name. */
  readonly namespaces: readonly string[];
  /** Whether its client was given back what it had before it was cut off. */
  readonly recovered: boolean;
  /** Whether its client asks by itself (Engine.IO 3): the library answers it, and judges it alone. */
  readonly clientAsks: boolean;
  /**
   * How soon its client must be asked first, in milliseconds, where it leaves when it is not asked, and nobody knows when it
   * was asked last: it was there before us.
   */
  readonly askWithinMs?: number | undefined;
}

/** More namespaces of one connection are not named. */
export const MAX_NAMESPACES = 16;

/** What a session of a library with heartbeats of its own tells, with the record it was opened with. */
export interface SessionObserver<Record> {
  /** Something of the peer's program has arrived that is no message of the app. */
  heard(record: Record): void;
  /** The library has asked the peer for a sign of life. */
  asked(record: Record): void;
  /** The peer has answered such a question, the oldest that is open. */
  answered(record: Record): void;
  /** What is known of the session has changed. */
  described(record: Record, facts: SessionFacts): void;
  /** The app has got to know the client: `client` is what its handlers are given. */
  introduced(record: Record, client: object, request: IncomingMessage | undefined): void;
  /** The library ends the connection: its peer did not answer, or spoke nonsense, or could not be written to. */
  givenUp(record: Record, why: 'timeout' | 'error'): void;
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

/**
 * Looks up the record of a socket; `undefined` where there is none. What the handlers of a Socket.IO gateway are given is
 * the socket of a namespace: its connection is at `conn`.
 */
export function recordOf(socket: unknown): ObservedSocket | undefined {
  if (typeof socket !== 'object' || socket === null) return undefined;
  const own = (socket as { [CONNECTION]?: ObservedSocket })[CONNECTION];
  if (own !== undefined) return own;
  const { conn } = socket as { readonly conn?: { [CONNECTION]?: ObservedSocket } | null };
  return typeof conn === 'object' && conn !== null ? conn[CONNECTION] : undefined;
}

/** The TCP connection under a socket, as far as it is one: in tests and behind odd adapters it may be any stream. */
export type RawSocket = Partial<
  Pick<
    Socket,
    | 'bytesRead'
    | 'bytesWritten'
    | 'writableLength'
    | 'isPaused'
    | 'cork'
    | 'uncork'
    | 'remoteAddress'
    | 'errored'
    | 'readableEnded'
    | 'destroyed'
  >
> & {
  setKeepAlive?(isOn: boolean, initialDelayMs: number): unknown;
  destroy?(): unknown;
  /** libuv's stream: unpublished, but stable since Node 8 (lib/net.js, `_onTimeout`). Optional wherever it is used. */
  readonly _handle?: {
    readonly writeQueueSize?: number;
    /** Writes the address into `out`. @returns 0, or an error of libuv */
    getpeername?(out: { address?: string | undefined }): number;
  } | null;
};

/** How a server is to be observed. */
export interface Attachment {
  readonly server: object;
  readonly opened: SocketOpened;
  /** Set where we ask in the library's stead, and it is to end nobody for a missing answer. */
  readonly govern?: {
    /** It cannot be done, for a reason in words: the library asks and ends as it always does. */
    readonly impossible: (why: string) => void;
  };
}

/** How a library asks its clients by itself, in milliseconds. */
export interface OwnHeartbeat {
  readonly intervalMs: number;
  readonly timeoutMs: number;
  /** Whether there may be clients that ask by themselves, which the library judges alone whatever is asked of the others. */
  readonly clientsMayAsk?: boolean;
}

/** One library's way to do what all servers and sockets do. Its users ask it, and it them, by the record of a socket. */
export interface TransportDriver {
  readonly name: string;
  /** Where the clients of a server connect that says nothing else. @default '/' */
  readonly defaultPath?: string;
  /** Whether an object is a server of this library: by shape, since two copies of a library are usual. */
  recognises(server: unknown): boolean;
  /** The server itself, where gateways may be given a part of it. @default what was given */
  rootOf?(server: object): object;
  /** How the library asks the clients of a server by itself; absent where it does not. */
  ownHeartbeat?(server: object): OwnHeartbeat;
  /** What keeps us from asking in the library's stead, in words; `undefined` where nothing does. */
  ungovernable?(server: object): string | undefined;
  /**
   * Observes every socket of a server, those that are there already included.
   *
   * @returns observes no later ones; each socket is let go by {@link release}
   */
  attach(attachment: Attachment): () => void;
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
  /** Whether the library knows of a message that the app has begun and not finished, however it was sent. */
  isMidMessage?(socket: object): boolean;
  /**
   * Writes whole frames as they are on the wire, in one write, past the library: many get the same bytes, and nothing is
   * made for each. Absent where frames have another form.
   *
   * @returns false, with nothing written, where something waits in the library that they must not overtake
   */
  writeFrames?(socket: object, frames: Uint8Array): boolean;
  /**
   * Whether the last frame of ours is held back above the TCP connection; what the app has sent since may well be.
   * `undefined`, or absent, where only the sums of bytes can tell.
   */
  holdsOwnFrame?(socket: object): boolean | undefined;
  /** Sends a protocol ping. */
  ping(socket: object, payload: Uint8Array): void;
  /** Whether a socket has protocol pings at all, at present. @default it has */
  carriesPings?(socket: object): boolean;
  /** Tells the client something in the library's own way. Absent where our messages are frames. */
  tell?(socket: object, event: string, content: object): void;
  /** What is known of a session; absent where a socket is nothing more. */
  describe?(socket: object): SessionFacts;
  /**
   * Begins the closing handshake.
   *
   * @param isFinal the client is asked not to come back, where the library has a way to ask
   */
  close(socket: object, code: number, text: string, isFinal?: boolean): void;
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
