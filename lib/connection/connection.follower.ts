import type { CloseReason } from '../protocol/close-reasons.js';
import type { Connection, GhostKind } from './connection.js';
import type { TransportKind } from './transport.kinds.js';

/** How a connection ended. */
export interface ConnectionEnd {
  readonly reason: CloseReason;
  /** The code of our close frame, or, where we sent none, the one the socket reported. */
  readonly code: number;
  /** Set when we closed it because its peer was gone. */
  readonly ghost: GhostKind | undefined;
  /** Code and text of the close frame that came from the other side; 1006 when none came. */
  readonly receivedCode: number;
  readonly receivedText: string;
  /** Bytes that had not left this process at the end. */
  readonly bufferedBytes: number;
  /** The system's code of what ended the TCP connection, bounded; `undefined` for an orderly end. */
  readonly errorCode: string | undefined;
}

/** A part that wants to know about a connection's great moments. */
export interface ConnectionFollower {
  opened?(connection: Connection): void;
  identified?(connection: Connection): void;
  /** Another transport carries it from now on. */
  carried?(connection: Connection, before: TransportKind): void;
  /** Somebody has begun to close it. */
  closing?(connection: Connection): void;
  /** Its socket is gone. */
  closed?(connection: Connection, end: ConnectionEnd): void;
  /** Nobody watches it any more, but its socket lives on. */
  forgotten?(connection: Connection): void;
}
