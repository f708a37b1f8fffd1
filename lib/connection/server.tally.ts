import type { CloseReason } from '../protocol/close-reasons.js';
import type { GhostKind } from './connection.js';
import type { TransportKind } from './transport.kinds.js';

/** What was counted of the connections of one server since it is watched. Plain state: whoever counts writes it. */
export class ServerTally {
  /** Connections that are not closed; those that are closing included (R6). */
  active = 0;
  closing = 0;
  /** The active ones, by what carries them at present. */
  readonly transports: Record<TransportKind, number> = {
    ws: 0,
    websocket: 0,
    polling: 0,
    webtransport: 0,
    other: 0,
  };
  /** Connections with too much, or something too old, to be sent. */
  backpressured = 0;
  opened = 0;
  readonly closed: Record<CloseReason, number> = {
    stale_sweep: 0,
    timeout: 0,
    backpressure: 0,
    evicted: 0,
    shutdown: 0,
    abuse: 0,
    clean: 0,
    error: 0,
  };
  /** Closed because their peers were gone. */
  readonly ghosts: Record<GhostKind, number> = { silent: 0, proxy_answered: 0, unknown: 0 };
  /** Would have been closed, had the options not said to observe; once until they recover. */
  readonly spared: Record<'timeout' | 'stale_sweep', number> = { timeout: 0, stale_sweep: 0 };
  /** Of those, the ones that have neither recovered nor been closed as ghosts since. */
  readonly sparedGhosts: Record<GhostKind, number> = { silent: 0, proxy_answered: 0, unknown: 0 };
  heartbeatsSent = 0;

  /** Adds what another has counted. */
  add(other: ServerTally): void {
    this.active += other.active;
    this.closing += other.closing;
    this.backpressured += other.backpressured;
    this.opened += other.opened;
    this.heartbeatsSent += other.heartbeatsSent;
    addEach(this.transports, other.transports);
    addEach(this.closed, other.closed);
    addEach(this.ghosts, other.ghosts);
    addEach(this.spared, other.spared);
    addEach(this.sparedGhosts, other.sparedGhosts);
  }
}

function addEach<Key extends string>(
  counts: Record<Key, number>,
  others: Readonly<Record<Key, number>>,
): void {
  for (const key of Object.keys(counts) as Key[]) counts[key] += others[key];
}
