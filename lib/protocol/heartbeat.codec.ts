import type { ServerMessage } from './messages.js';

/** A client asks us, and waits for an answer. */
export interface ClientAsk {
  readonly kind: 'ask';
  /** What the client calls the moment; the answer repeats it. Absent on wires that name none. */
  readonly ts?: number;
  /** What else the answer must repeat, at most {@link MAX_ECHO} characters: longer ones are counted and not answered. */
  readonly echo?: string;
}

/** A frame that a codec has recognised as a heartbeat and not as a message of the app. */
export type RecognisedHeartbeat =
  /** The answer to a ping of ours. */
  | { readonly kind: 'answer'; readonly ts: number; readonly state?: string }
  | ClientAsk
  /** A returning client says why it was away. */
  | {
      readonly kind: 'resume';
      readonly reason?: string;
      readonly offlineMs?: number;
      readonly attempts?: number;
    }
  /**
   * A word of this wire that only who speaks its heartbeats says, and that is the app's all the same: it is passed on, and
   * taken as a sign that this client, and so the crowd, is not mute (R7).
   */
  | { readonly kind: 'spoken' }
  /** A heartbeat by its type, but with a `ts` that is no finite number: counted, never echoed. */
  | { readonly kind: 'malformed' };

/** The most that an answer repeats of what a client has chosen, in characters. */
export const MAX_ECHO = 512;

/**
 * Whose heartbeats show that the client is there.
 *
 * - `server`: we ask, and the client answers with the `ts` that we asked with.
 * - `client`: the client asks, and we answer; it is missed when nothing at all was heard of it for `intervalMs + timeoutMs`.
 * - `both`: each side says by itself that it is there, and nobody answers; judged like `client`.
 */
export type HeartbeatAsker = 'server' | 'client' | 'both';

/** Options of codecs whose clients speak by themselves. */
export interface SpeakingClients {
  /**
   * How often the clients do, where they are set to anything but their default, in milliseconds.
   * @default 30_000 for Phoenix, 15_000 for SignalR
   */
  readonly clientIntervalMs?: number;
}

/** A message that has passed on a wire that is not open yet. */
export interface PassingMessage {
  readonly from: 'client' | 'app';
  readonly data: string | Uint8Array;
  readonly isBinary: boolean;
}

/** How far the handshake of one connection has come, in a codec's own words. Kept for each connection: share the objects. */
export interface WireState {
  /** Whether messages of ours may be sent from now on. */
  readonly isOpen: boolean;
  /**
   * Whose turn it is while it is not open. A client that waits for a slow app has nothing to say: protocol pings prove
   * that it lives, for as long as the app may take for one message.
   * @default 'client'
   */
  readonly turn?: 'client' | 'app';
  /** Which of several dialects this client speaks; given to `encode`. */
  readonly dialect?: string;
}

/** The wire of one kind of client: how heartbeats look on it. */
export interface HeartbeatCodec {
  /** Shown in logs and used to tell codecs apart. */
  readonly name: string;
  /**
   * Whether a frame is a heartbeat. Called for every received message of at most
   * {@link MAX_HEARTBEAT_BYTES}, so it must be quick to say no, and must never throw.
   *
   * @returns what it is, or `undefined` for a message of the app
   */
  recognise(data: Uint8Array, isBinary: boolean): RecognisedHeartbeat | undefined;
  /**
   * The frame for a message of ours: text as a string, binary as bytes.
   *
   * @param dialect of the client, where {@link opening} has found one
   * @returns `undefined` where this wire has no such message
   */
  encode(message: ServerMessage, dialect?: string): string | Uint8Array | undefined;
  /** @default 'server' */
  readonly asks?: HeartbeatAsker;
  /**
   * The heartbeat interval where the options give none, in milliseconds. Where the clients speak by themselves, how often
   * they do: the boot warns of an interval that does not fit it.
   * @default 30_000
   */
  readonly defaultIntervalMs?: number;
  /**
   * For wires that begin with a handshake of their own: called for each message of either side, until it says that the
   * wire is open. Before that nothing of ours is sent but protocol pings, and the client is judged by its silence.
   *
   * @param state what it said last, `undefined` at first
   * @returns `undefined` where nothing has changed
   */
  opening?(passing: PassingMessage, state: WireState | undefined): WireState | undefined;
}
