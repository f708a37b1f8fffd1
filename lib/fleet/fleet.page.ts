import { ConnectionHealthArgumentError } from '../connection-health.errors.js';
import type { FleetConnection, FleetFilter } from './fleet.answers.js';
import type { NodeReader } from './node.reader.js';

const DEFAULT_LIMIT = 50;
const MAX_LIMIT = 1_000;
/** Reads after which a page ends, however few have fitted the filter: a question costs no more than so much. */
const MAX_READS = 16;

/** A place in the fleet: a node, and a place in it. */
export interface FleetPlace {
  readonly node: string;
  readonly place: number;
}

/** @throws ConnectionHealthArgumentError for what is no `next` of a page */
export function placeOf(after: string | undefined): FleetPlace | undefined {
  if (after === undefined) return undefined;
  const [, node, place] = /^(.+)\/(\d{1,15})$/.exec(String(after)) ?? [];
  if (node === undefined)
    throw new ConnectionHealthArgumentError('connections(): after', 'the "next" of a page', after);
  return { node, place: Number(place) };
}

/** @throws ConnectionHealthArgumentError */
export function limitOf({ limit = DEFAULT_LIMIT }: FleetFilter): number {
  if (Number.isInteger(limit) && limit >= 1 && limit <= MAX_LIMIT) return limit;
  throw new ConnectionHealthArgumentError(
    'connections(): limit',
    `a whole number from 1 to ${MAX_LIMIT}`,
    limit,
  );
}

/** Whether a connection is one of those asked for, its node and identity apart. */
export function fits({ gateway, idleMs }: FleetConnection, filter: FleetFilter): boolean {
  if (filter.gateway !== undefined && filter.gateway !== gateway) return false;
  return filter.minIdleMs === undefined || idleMs >= filter.minIdleMs;
}

/** A node to read, in the order of the pages. */
export interface Readable {
  readonly id: string;
  readonly reader: NodeReader;
}

/** Connections that were gathered, and where to go on. */
export interface Gathered {
  readonly connections: FleetConnection[];
  readonly next: string | undefined;
  /** Whether a node could not be read. */
  readonly isPartial: boolean;
}

/**
 * Walks through nodes, sorted by id, from a place on until a page is full. The place of a node that has gone is where the
 * next node begins.
 */
export async function gather(nodes: readonly Readable[], filter: FleetFilter): Promise<Gathered> {
  const limit = limitOf(filter);
  const after = placeOf(filter.after);
  const connections: FleetConnection[] = [];
  let isPartial = false;
  let reads = 0;
  for (const { id, reader } of nodes.filter(({ id: each }) => after === undefined || each >= after.node)) {
    let place: number | undefined = id === after?.node ? after.place : 0;
    while (place !== undefined) {
      if (reads++ >= MAX_READS) return { connections, next: `${id}/${place}`, isPartial };
      try {
        const { found, next }: Awaited<ReturnType<NodeReader['from']>> = await reader.from(place);
        for (const [at, connection] of found) {
          if (!fits(connection, filter)) continue;
          if (connections.length === limit) return { connections, next: `${id}/${at}`, isPartial };
          connections.push(connection);
        }
        place = next;
      } catch {
        isPartial = true;
        break;
      }
    }
  }
  return { connections, next: undefined, isPartial };
}
