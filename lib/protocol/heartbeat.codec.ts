import type { ServerMessage } from './messages.js';

/** A frame that a codec has recognised as a heartbeat and not as a message of the app. */
export type RecognisedHeartbeat =
  /** The answer to a ping of ours. */
  | { readonly kind: 'answer'; readonly ts: number; readonly state?: string }
  /** The client asks us. */
  | { readonly kind: 'ask'; readonly ts: number }
  /** A returning client says why it was away. */
  | {
      readonly kind: 'resume';
      readonly reason?: string;
      readonly offlineMs?: number;
      readonly attempts?: number;
    }
  /** A heartbeat by its type, but with a `ts` that is no finite number: counted, never echoed. */
  | { readonly kind: 'malformed' };

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
  /** The frame for a message of ours: text as a string, binary as bytes. */
  encode(message: ServerMessage): string | Uint8Array;
}
