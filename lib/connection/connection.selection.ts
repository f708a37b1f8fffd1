import type { ConnectionFilter } from './connection.commands.js';
import type { Connection } from './connection.js';

/** What a filter means here: its cursor as a place in the order, and silence as people count it. */
export interface SelectionFacts {
  /** Sequence of the connection after which to go on; `undefined` starts at the first. */
  readonly after: number | undefined;
  idleMsOf(connection: Connection): number;
}

/**
 * Picks the connections that a filter asks for, and remembers no others on the way: of 100,000, a page of 50 costs one
 * look at each at most. Pure.
 *
 * @param connections by sequence, oldest first
 */
export function selectConnections(
  connections: Iterable<Connection>,
  filter: ConnectionFilter,
  facts: SelectionFacts,
): Connection[] {
  const { limit = Infinity } = filter;
  if (!(limit > 0)) return [];
  const isWanted = (connection: Connection): boolean => fits(connection, filter, facts);
  return filter.order === 'newest'
    ? lastOf(before(connections, facts.after), isWanted, Math.ceil(limit))
    : firstOf(behind(connections, facts.after), isWanted, limit);
}

function fits(connection: Connection, filter: ConnectionFilter, { idleMsOf }: SelectionFacts): boolean {
  const { gateway, state, minIdleMs } = filter;
  if (gateway !== undefined && connection.server.name !== gateway) return false;
  if (state !== undefined && connection.state !== state) return false;
  return minIdleMs === undefined || idleMsOf(connection) >= minIdleMs;
}

/** A cursor names a place, not a connection: it holds when the connection it was taken from is long gone. */
function* behind(connections: Iterable<Connection>, after = 0): Iterable<Connection> {
  for (const connection of connections) if (connection.sequence > after) yield connection;
}

function* before(connections: Iterable<Connection>, after = Infinity): Iterable<Connection> {
  for (const connection of connections) {
    if (connection.sequence >= after) return;
    yield connection;
  }
}

function firstOf(
  connections: Iterable<Connection>,
  isWanted: (connection: Connection) => boolean,
  limit: number,
): Connection[] {
  const found: Connection[] = [];
  for (const connection of connections) {
    if (!isWanted(connection)) continue;
    found.push(connection);
    if (found.length >= limit) break;
  }
  return found;
}

/** The last ones, latest first: a map can only be walked forwards, so the later write over the earlier in a ring. */
function lastOf(
  connections: Iterable<Connection>,
  isWanted: (connection: Connection) => boolean,
  limit: number,
): Connection[] {
  const ring: Connection[] = [];
  let count = 0;
  for (const connection of connections) if (isWanted(connection)) ring[count++ % limit] = connection;
  const seam = count > limit ? count % limit : 0;
  return [...ring.slice(0, seam).toReversed(), ...ring.slice(seam).toReversed()];
}
