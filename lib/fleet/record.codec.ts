import type { FleetConnection } from './fleet.answers.js';
import type { GatewayName } from './node.summary.js';

/** Connections whose last activity shares one field of a table. */
export const BLOCK_SIZE = 64;
/** Fields among which identities are spread: of 10,000, ten share one. */
const BUCKETS = 1024;

const SECOND = 1_000;
const UNKNOWN: GatewayName = { gateway: 'unknown', transport: 'unknown' };

/** What a store keeps of one connection, apart from its last activity. Times are the store's. */
export interface FleetRecord {
  /** Number of the connection in its process: its id without what all ids of the process have in common. */
  readonly sequence: number;
  readonly openedAt: number;
  /** Place of its gateway, and of what carries it, in the node's list. */
  readonly gateway: number;
  readonly identity: string | undefined;
  readonly address: string | undefined;
}

/** The name of a number as a field. */
export function fieldOf(number: number): string {
  return number.toString(36);
}

/** `sequence,seconds,gateway,["identity","address"]`, each number in base 36, what is missing at the end left out. */
export function encodeRecord({ sequence, openedAt, gateway, identity, address }: FleetRecord): string {
  const numbers = [sequence, Math.floor(openedAt / SECOND), gateway].map(fieldOf).join();
  if (address !== undefined) return `${numbers},${JSON.stringify([identity ?? null, address])}`;
  return identity === undefined ? numbers : `${numbers},${JSON.stringify([identity])}`;
}

/** @returns `undefined` for what is none */
export function decodeRecord(text: string): FleetRecord | undefined {
  const [, sequence, seconds, gateway, more = '[]'] =
    /^([0-9a-z]+),([0-9a-z]+),([0-9a-z]+)(?:,(\[.*\]))?$/s.exec(text) ?? [];
  if (gateway === undefined) return undefined;
  try {
    const [identity, address] = JSON.parse(more) as (string | null | undefined)[];
    return {
      sequence: numberOf(sequence!),
      openedAt: numberOf(seconds!) * SECOND,
      gateway: numberOf(gateway),
      identity: identity ?? undefined,
      address: address ?? undefined,
    };
  } catch {
    return undefined;
  }
}

/**
 * The last activity of a block of connections, two or three bytes for each: the latest in seconds, and by how many seconds
 * each was earlier, in base 36; nothing for a place without a connection.
 */
export function encodeActivity(moments: readonly (number | undefined)[]): string {
  const seconds = moments.map((at) => (at === undefined ? undefined : Math.floor(at / SECOND)));
  const latest = Math.max(0, ...seconds.filter((at) => at !== undefined));
  const ago = seconds.map((at) => (at === undefined ? '' : fieldOf(latest - at)));
  return `${fieldOf(latest)}:${ago.join()}`;
}

/** The last activity of one place of a block; `undefined` where it has none, or what is there is none. */
export function decodeActivity(text: string | undefined, place: number): number | undefined {
  const [latest, list = ''] = text?.split(':') ?? [];
  const ago = list.split(',')[place];
  if (latest === undefined || ago === undefined || ago === '') return undefined;
  const at = (numberOf(latest) - numberOf(ago)) * SECOND;
  return Number.isFinite(at) ? at : undefined;
}

/** The field that lists the connections of an identity, among those of others. FNV-1a: fast, and the same everywhere. */
export function bucketOf(identity: string): string {
  let hash = 0x811c9dc5;
  for (let at = 0; at < identity.length; at++)
    hash = Math.imul(hash ^ identity.charCodeAt(at), 0x01000193) >>> 0;
  return fieldOf(hash % BUCKETS);
}

/** Places, as an identity's field lists them. */
export function encodePlaces(places: Iterable<number>): string {
  return [...places].map(fieldOf).join();
}

export function decodePlaces(text: string | undefined): number[] {
  if (text === undefined || text === '') return [];
  return text.split(',').map(numberOf).filter(Number.isInteger);
}

/** A record as people see it. */
export function toConnection(
  record: FleetRecord,
  facts: {
    readonly node: string;
    readonly gateways: readonly GatewayName[];
    readonly activityAt: number | undefined;
    readonly now: number;
  },
): FleetConnection {
  const { sequence, openedAt, gateway, identity, address } = record;
  // The activity that is noted at its place may be that of the connection before.
  const lastActivityAt = Math.max(openedAt, facts.activityAt ?? 0);
  return {
    id: `${facts.node}-${fieldOf(sequence)}`,
    node: facts.node,
    ...(facts.gateways[gateway] ?? UNKNOWN),
    identity,
    address,
    openedAt,
    ageMs: Math.max(0, facts.now - openedAt),
    lastActivityAt,
    idleMs: Math.max(0, facts.now - lastActivityAt),
  };
}

function numberOf(field: string): number {
  return Number.parseInt(field, 36);
}
