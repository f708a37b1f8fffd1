import type { GhostKind } from '../connection/connection.js';
import type { ConnectionSnapshot } from '../connection/connection.snapshot.js';
import type { CloseReason } from '../protocol/close-reasons.js';

interface EventBase<Type extends string> {
  readonly type: Type;
  /** When it happened, milliseconds since the Unix epoch. */
  readonly at: number;
}

interface ConnectionEventBase<Type extends string> extends EventBase<Type> {
  readonly connection: ConnectionSnapshot;
}

/** A client has connected. */
export type OpenedEvent = ConnectionEventBase<'opened'>;

/** It became known, later than the opening, who a connection belongs to. */
export type IdentifiedEvent = ConnectionEventBase<'identified'>;

/** A client that was away says why. */
export interface ResumedEvent extends ConnectionEventBase<'resumed'> {
  /** Why it gave up its last connection, at most 64 characters. */
  readonly reason?: string;
  readonly offlineMs?: number;
  readonly attempts?: number;
}

/** A heartbeat went unanswered (R4). */
export interface MissedEvent extends ConnectionEventBase<'missed'> {
  readonly ghost: GhostKind;
}

/** The sweep found no evidence of life for longer than `staleAfterMs` (R5). */
export type StaleEvent = ConnectionEventBase<'stale'>;

/** A connection would have been closed now, but the options say only to observe. Once until it recovers. */
export interface SparedEvent extends ConnectionEventBase<'spared'> {
  readonly reason: 'timeout' | 'stale_sweep';
}

/** A connection that had missed heartbeats, or was spared, is alive again. */
export type RecoveredEvent = ConnectionEventBase<'recovered'>;

/** What was known of a connection at its end. */
export interface ClosedEvidence {
  readonly ageMs: number;
  /** Milliseconds since the last evidence that counted. */
  readonly idleMs: number;
  /** Milliseconds since the last protocol ping or pong; absent when there was none. */
  readonly hopIdleMs?: number;
  readonly missed: number;
  readonly latencyMs?: number;
  readonly bufferedBytes: number;
  /** Whether it ever answered a heartbeat. */
  readonly hasAnswered: boolean;
  /** Code of the close frame that we sent; absent when we sent none. */
  readonly sentCode?: number;
  /** Code that the socket reported: the peer's, or 1006 when no close frame came. */
  readonly receivedCode: number;
  readonly receivedText?: string;
}

/** The socket of a connection is gone. */
export interface ClosedEvent extends ConnectionEventBase<'closed'> {
  readonly reason: CloseReason;
  readonly code: number;
  /** Set when we closed it because its peer was gone. */
  readonly ghost?: GhostKind;
  readonly evidence: ClosedEvidence;
}

/** The event loop was blocked, or the process suspended; the time was credited to every deadline (R2). */
export interface StalledEvent extends EventBase<'stalled'> {
  readonly stalledMs: number;
}

/** A sweep has ended. */
export interface SweptEvent extends EventBase<'swept'> {
  readonly report: SweepReport;
}

/** What one sweep did. */
export interface SweepReport {
  readonly at: number;
  readonly durationMs: number;
  /** The threshold that was asked for; absent when each server's own was used. */
  readonly staleAfterMs?: number;
  readonly dryRun: boolean;
  readonly examined: number;
  readonly stale: number;
  /** How many of the stale are being closed now. */
  readonly closed: number;
  /** The stale, longest silent first, at most 100. */
  readonly connections: readonly ConnectionSnapshot[];
}

/** A hook or function of the app failed; nothing else was affected (R11). */
export interface UserCodeFailedEvent extends EventBase<'user_code_failed'> {
  /** Which one, for example `identify` or `ChatGateway.onClosed`. */
  readonly what: string;
  readonly error: string;
  readonly stack?: string;
}

/** Everything that can be observed. Plain data: `JSON.stringify` of any event works. */
export type LifecycleEvent =
  | OpenedEvent
  | IdentifiedEvent
  | ResumedEvent
  | MissedEvent
  | StaleEvent
  | SparedEvent
  | RecoveredEvent
  | ClosedEvent
  | StalledEvent
  | SweptEvent
  | UserCodeFailedEvent;

export type LifecycleEventType = LifecycleEvent['type'];

/** The event of a type. */
export type LifecycleEventOf<Type extends LifecycleEventType> = Extract<LifecycleEvent, { type: Type }>;
