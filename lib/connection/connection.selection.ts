import type { ConnectionFilter } from './connection.commands.js';
import type { Connection } from './connection.js';

/** What a filter means here: its cursor as a place in the order, and silence as people count it. */
export interface SelectionFacts {
  /** Sequence of the connection after which to go on; `undefined` starts at the first. */
  readonly after: number | undefined;
  idleMsOf(connection: Connection): number;
}

/** Connections by their sequences, from any place on, in both directions. */
export interface ConnectionWalk {
  /** Oldest first. */
  after(sequence: number): Iterable<Connection>;
  /** Newest first. */
  before(sequence: number): Iterable<Connection>;
}

/**
 * Picks the connections that a filter asks for. Begins at its cursor, which names a place and not a connection: it holds
 * when the connection it was taken from is long gone. A page costs a look at those on it and at those that the filter
 * leaves out on the way.
 */
export function selectConnections(
  connections: ConnectionWalk,
  filter: ConnectionFilter,
  facts: SelectionFacts,
): Connection[] {
  const { limit = Infinity, order } = filter;
  const found: Connection[] = [];
  if (!(limit > 0)) return found;
  const { after } = facts;
  const walk = order === 'newest' ? connections.before(after ?? Infinity) : connections.after(after ?? 0);
  for (const connection of walk) {
    if (!fits(connection, filter, facts)) continue;
    found.push(connection);
    if (found.length >= limit) break;
  }
  return found;
}

/** The same over a few connections in any order. */
export function walkOver(connections: readonly Connection[]): ConnectionWalk {
  const inOrder = connections.toSorted((one, other) => one.sequence - other.sequence);
  return {
    after: (place) => inOrder.filter(({ sequence }) => sequence > place),
    before: (place) => inOrder.filter(({ sequence }) => sequence < place).toReversed(),
  };
}

function fits(connection: Connection, filter: ConnectionFilter, { idleMsOf }: SelectionFacts): boolean {
  const { gateway, state, minIdleMs } = filter;
  if (gateway !== undefined && connection.server.name !== gateway) return false;
  if (state !== undefined && connection.state !== state) return false;
  return minIdleMs === undefined || idleMsOf(connection) >= minIdleMs;
}
