import { ConnectionHealthArgumentError } from '../connection-health.errors.js';
import type { FleetConnection, FleetFilter } from './fleet.answers.js';
import type { NodeReader } from './node.reader.js';

const DEFAULT_LIMIT = 50;
const MAX_LIMIT = 1_000;
/** Reads after which a page ends, however few have fitted the filter: a question costs no more than so much. */
const MAX_READS = 16;

/** A place in the fleet: a node, and a place in it. */
interface FleetPlace {
  readonly node: string;
  readonly place: number;
}

/** A page that is asked for, checked. */
export interface PageOrder {
  readonly limit: number;
  readonly after: FleetPlace | undefined;
  readonly identity: string | undefined;
  readonly gateway: string | undefined;
  readonly minIdleMs: number;
}

/**
 * @param identity the one asked for, as connections have it
 * @throws ConnectionHealthArgumentError for a limit, a time or a cursor that is none
 */
export function pageOf(filter: FleetFilter, identity: string | undefined): PageOrder {
  const { limit = DEFAULT_LIMIT, minIdleMs = 0, gateway, after } = filter;
  if (!(Number.isInteger(limit) && limit >= 1 && limit <= MAX_LIMIT)) {
    const expected = `a whole number from 1 to ${MAX_LIMIT}`;
    throw new ConnectionHealthArgumentError('connections(): limit', expected, limit);
  }
  if (!(typeof minIdleMs === 'number' && minIdleMs >= 0)) {
    const expected = 'a number of milliseconds from 0';
    throw new ConnectionHealthArgumentError('connections(): minIdleMs', expected, minIdleMs);
  }
  return { limit, minIdleMs, gateway, identity, after: placeOf(after) };
}

function placeOf(after: string | undefined): FleetPlace | undefined {
  if (after === undefined) return undefined;
  const [, node, place] = /^(.+)\/(\d{1,15})$/.exec(String(after)) ?? [];
  if (node === undefined)
    throw new ConnectionHealthArgumentError('connections(): after', 'the "next" of a page', after);
  return { node, place: Number(place) };
}

function fits({ gateway, idleMs }: FleetConnection, wanted: PageOrder): boolean {
  return (wanted.gateway === undefined || wanted.gateway === gateway) && idleMs >= wanted.minIdleMs;
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
export async function gather(nodes: readonly Readable[], wanted: PageOrder): Promise<Gathered> {
  const { limit, after, identity } = wanted;
  const connections: FleetConnection[] = [];
  let isPartial = false;
  let reads = 0;
  for (const { id, reader } of nodes.filter(({ id: each }) => after === undefined || each >= after.node)) {
    let place: number | undefined = id === after?.node ? after.place : 0;
    while (place !== undefined) {
      if (reads++ >= MAX_READS) return { connections, next: `${id}/${place}`, isPartial };
      try {
        const { found, next }: Awaited<ReturnType<NodeReader['from']>> = await reader.from(place, identity);
        for (const [at, connection] of found) {
          if (!fits(connection, wanted)) continue;
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
