import type { AgeBucket, IdleBucket } from '../connection/connection.census.js';
import type { NodeFinding } from './node.summary.js';

/** A connection of any node. Moments are milliseconds since the Unix epoch, by the store's clock. */
export interface FleetConnection {
  readonly id: string;
  /** The id of its node. */
  readonly node: string;
  readonly gateway: string;
  /** What carries it: `ws`, or of Socket.IO `websocket`, `polling` or `webtransport`. */
  readonly transport: string;
  readonly identity: string | undefined;
  readonly address: string | undefined;
  /** To a second. */
  readonly openedAt: number;
  readonly ageMs: number;
  /** Of other nodes, as of their last heartbeat interval. */
  readonly lastActivityAt: number;
  readonly idleMs: number;
}

/** Which connections of the fleet to list. What is not given does not matter. */
export interface FleetFilter {
  /** Id of a node. */
  readonly node?: string;
  readonly gateway?: string;
  readonly identity?: string | number;
  /** At least so long without evidence of life, in milliseconds. */
  readonly minIdleMs?: number;
  /** At most so many, from 1 to 1_000. @default 50 */
  readonly limit?: number;
  /** `next` of the page before, from whichever node it came. @default from the first */
  readonly after?: string;
}

/** Connections that were found. */
export interface FleetConnections {
  readonly connections: readonly FleetConnection[];
  /** Whether something is missing: a node or the store did not answer, or a node has not written all it has. */
  readonly partial: boolean;
}

/** A page of connections. */
export interface FleetPage extends FleetConnections {
  /** What the next page starts `after`; absent on the last. A page may be short, or empty, and have a next one. */
  readonly next?: string;
}

/** What a disconnect did, all nodes together. */
export interface FleetDisconnectReport {
  /** How many connections are being closed. */
  readonly closing: number;
  /** Whether a node that may have had more did not answer in time. */
  readonly partial: boolean;
  /** The ids of those nodes. They may still do it. */
  readonly unanswered: readonly string[];
}

/** One node, as plain data that is meant to be served as JSON. */
export interface FleetNodeSnapshot {
  readonly id: string;
  /** Host and process. */
  readonly name: string;
  readonly is_self: boolean;
  readonly started_at: number;
  /** Milliseconds since its last beat. */
  readonly beat_ms_ago: number;
  readonly total_connections: number;
  readonly closing: number;
  readonly identities: number;
  readonly connections_by_age: Readonly<Record<AgeBucket, number>>;
  readonly connections_by_last_activity: Readonly<Record<IdleBucket, number>>;
  /** Connections that its sweep should have closed. */
  readonly overdue: number;
  readonly findings: readonly NodeFinding[];
}

/** A node that was lost lately. */
export interface LostNode {
  readonly id: string;
  readonly name: string;
  /** When it was reaped. */
  readonly at: number;
  readonly connections: number;
  readonly identities: number;
}

/** A finding that stands on some nodes. */
export interface FleetFinding extends NodeFinding {
  /** Their ids. The severity is the worst of theirs. */
  readonly nodes: readonly string[];
}

/** How many there are, as of the last beat. */
export interface FleetSize {
  /** `undefined` without a store of the app's own. */
  readonly store: string | undefined;
  readonly nodes: number;
  readonly connections: number;
  /** Whether something is missing, as in {@link FleetOverview}. */
  readonly partial: boolean;
}

/** All nodes in numbers. Names no client. */
export interface FleetOverview {
  /** What the nodes know of each other through: `memory`, `redis`. */
  readonly store: string;
  /** Whether something is missing: the store did not answer, a node's lease is over, or it has not written all it has. */
  readonly partial: boolean;
  /** How many there are. */
  readonly nodes: number;
  readonly members: readonly FleetNodeSnapshot[];
  readonly total_connections: number;
  readonly connections_by_age: Readonly<Record<AgeBucket, number>>;
  readonly connections_by_last_activity: Readonly<Record<IdleBucket, number>>;
  readonly findings: readonly FleetFinding[];
  /** Nodes that were lost lately, latest first. */
  readonly lost: readonly LostNode[];
}

/** Somebody who is online on one node, and has a stale connection on another. */
export interface SplitSession {
  readonly identity: string;
  /** The id of the node with the stale connection, and for how long nothing was heard there. */
  readonly stale_on: string;
  readonly idle_ms: number;
  /** The ids of the nodes with connections that are not stale. */
  readonly online_on: readonly string[];
}

/** All nodes, and who is online in two places with one of them stale. */
export interface FleetSnapshot extends FleetOverview {
  readonly split_sessions: readonly SplitSession[];
}
