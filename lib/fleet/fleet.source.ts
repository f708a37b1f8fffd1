import type { Census } from '../connection/connection.census.js';
import type { ConnectionFilter } from '../connection/connection.commands.js';
import type { ConnectionSnapshot } from '../connection/connection.snapshot.js';
import type { Finding } from '../lifecycle/lifecycle.events.js';

/** What is read of a connection of this process. Its times are awake times: see {@link FleetSource.toEpoch}. */
export interface Mirrored {
  readonly sequence: number;
  readonly identity: string | undefined;
  readonly openedAt: number;
  readonly lastActivityAt: number;
  readonly server: { readonly name: string };
  /** What carries it at present. */
  readonly transport: string;
  readonly peer: { readonly address: string | undefined };
}

/** What the fleet reads of this process: the truth of the moment in which it asks. */
export interface FleetSource<Each extends Mirrored = Mirrored> {
  /** Tells the connections of this process from all others: what their ids begin with. */
  readonly nodeId: string;
  /** When this process began, milliseconds since the Unix epoch. */
  readonly startedAt: number;
  /** Milliseconds between two heartbeats of the most frequent kind: activity is not told more often. */
  readonly heartbeatMs: number;
  /** Identities that have at least one connection; connections that are not closed. */
  identityCount(): number;
  connectionCount(): number;
  findings(): readonly Finding[];
  /** All connections that are not closed. */
  all(): Iterable<Each>;
  /** Counts these connections. */
  census(connections: Iterable<Each>): Census;
  /** The moment that an awake time stands for, milliseconds since the Unix epoch by this process's clock. */
  toEpoch(awakeTime: number): number;
  /** Milliseconds without evidence of life, stalls of this process left out. */
  idleMs(connection: Each): number;
  /** From which silence on a connection is stale, and from which it should long have been swept. */
  limitsOf(connection: Each): StaleLimits;
  connections(filter: ConnectionFilter): ConnectionSnapshot[];
  /** Milliseconds since the Unix epoch, by this process's clock. */
  now(): number;
  /** Calls `run` in a later turn of the event loop. */
  nextTurn(run: () => void): void;
}

/** In milliseconds. */
export interface StaleLimits {
  readonly staleAfterMs: number;
  readonly overdueAfterMs: number;
}
