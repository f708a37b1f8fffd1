import type { SweepReport } from '../connection/connection.commands.js';
import type { GhostKind } from '../connection/connection.js';
import type { ConnectionSnapshot } from '../connection/connection.snapshot.js';
import type { CloseReason } from '../protocol/close-reasons.js';
import type { AuditBeganEvent, AuditRefusedEvent } from './audit.events.js';
import type { FleetNodeLostEvent, FleetRejoinedEvent } from './fleet.events.js';

/** What all events have. */
export interface EventBase<Type extends string> {
  readonly type: Type;
  /** When it happened, milliseconds since the Unix epoch. */
  readonly at: number;
}

/** What events of one connection have. */
export interface ConnectionEventBase<Type extends string> extends EventBase<Type> {
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
  readonly ghost: GhostKind;
}

/** The verdict on a connection was held, because too many would have died at once: it is asked once more (R7). */
export interface HeldEvent extends ConnectionEventBase<'held'> {
  /** Questions in the window that should have been answered by now, and how many were not. */
  readonly asked: number;
  readonly silent: number;
}

/** Very many connections fell silent at once; verdicts are held. Once per episode. */
export interface MassTimeoutEvent extends EventBase<'mass_timeout'> {
  readonly asked: number;
  readonly silent: number;
}

/** Enough clients were asked, and none has ever answered: nobody is closed for a miss until one does (R7). */
export interface ClientsDoNotAnswerEvent extends EventBase<'clients_do_not_answer'> {
  readonly asked: number;
}

/** A client has answered after all; misses count from now on. */
export type ClientsAnswerEvent = EventBase<'clients_answer'>;

/** The TCP connection under a socket failed. `ws` itself does not tell (its close is a plain 1006). */
export interface SocketFailedEvent extends ConnectionEventBase<'socket_failed'> {
  /** The system's code, for example `ECONNRESET`, `EPIPE` or `ETIMEDOUT`; `OTHER` for what is none. */
  readonly errorCode: string;
}

/** Too much, or something too old, waits to be sent to a connection. Once until it is below half of the limits. */
export interface BackpressuredEvent extends ConnectionEventBase<'backpressured'> {
  readonly bufferedBytes: number;
  /** Age of the oldest byte that waits. */
  readonly oldestMs: number;
}

/** What waited to be sent to a connection is below half of the limits again. */
export type BackpressureRelievedEvent = ConnectionEventBase<'backpressure_relieved'>;

/** A socket was destroyed but has not reported its end. */
export type CloseStuckEvent = ConnectionEventBase<'close_stuck'>;

/** The registry and the sockets of a server did not agree; both were made to. */
export interface RegistryMismatchEvent extends EventBase<'registry_mismatch'> {
  readonly gateway: string;
  /** Sockets of the server that nobody tracked: tracked now. */
  readonly untracked: number;
  /** Connections whose socket was gone: counted as closed now. */
  readonly vanished: number;
}

/** What can be found to be wrong, leaks first. */
export const FINDING_SIGNALS = [
  'growth',
  'stale_ratio',
  'ghost_rate',
  'ghosts_behind_terminating_proxy',
  'clients_do_not_answer',
  'loop_overloaded',
  'idle_cut',
  'close_stuck',
  'registry_mismatch',
  'backpressure',
  'socket_errors',
  'fleet_store_unreachable',
  'fleet_stale_records',
] as const;

/** One of {@link FINDING_SIGNALS}. */
export type FindingSignal = (typeof FINDING_SIGNALS)[number];

/** Something that is wrong at present. */
export interface Finding {
  readonly signal: FindingSignal;
  readonly severity: 'info' | 'warning' | 'critical';
  /** What is wrong, with its numbers and what it means. */
  readonly message: string;
  /** What to do about it. */
  readonly next_step: string;
}

/** Something was found to be wrong. */
export interface FindingRaisedEvent extends EventBase<'finding_raised'> {
  readonly finding: Finding;
}

/** It is right again. */
export interface FindingClearedEvent extends EventBase<'finding_cleared'> {
  readonly finding: Finding;
}

/** Everybody is being sent away. */
export interface DrainStartedEvent extends EventBase<'drain_started'> {
  readonly connections: number;
}

/** Everybody has gone, or the time for it is over. */
export interface DrainedEvent extends EventBase<'drained'> {
  readonly report: DrainReport;
}

/** What a drain did. */
export interface DrainReport {
  readonly durationMs: number;
  readonly connections: number;
  /** How many had closed in time. */
  readonly closed: number;
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
  /** Milliseconds since bytes were last seen to come in and to go out, as of its last turn. */
  readonly bytesInIdleMs: number;
  readonly bytesOutIdleMs: number;
  readonly missed: number;
  readonly latencyMs?: number;
  /** Its smoothed latency: well below `latencyMs`, it was getting slower. */
  readonly averageLatencyMs?: number;
  readonly bufferedBytes: number;
  /** How late this process's own event loop was at worst in the last minute. */
  readonly loopLagMs: number;
  /** The system's code of what ended the TCP connection, if something did. */
  readonly errorCode?: string;
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
  | HeldEvent
  | MassTimeoutEvent
  | ClientsDoNotAnswerEvent
  | ClientsAnswerEvent
  | SocketFailedEvent
  | BackpressuredEvent
  | BackpressureRelievedEvent
  | CloseStuckEvent
  | RegistryMismatchEvent
  | FindingRaisedEvent
  | FindingClearedEvent
  | DrainStartedEvent
  | DrainedEvent
  | StalledEvent
  | SweptEvent
  | FleetNodeLostEvent
  | FleetRejoinedEvent
  | AuditBeganEvent
  | AuditRefusedEvent
  | UserCodeFailedEvent;

export type LifecycleEventType = LifecycleEvent['type'];

/** The event of a type. */
export type LifecycleEventOf<Type extends LifecycleEventType> = Extract<LifecycleEvent, { type: Type }>;
