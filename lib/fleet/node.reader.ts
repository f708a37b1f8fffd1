import type { BoundedStore } from './bounded.store.js';
import type { FleetConnection } from './fleet.answers.js';
import type { LiveNode } from './fleet.overview.js';
import {
  BLOCK_SIZE,
  bucketOf,
  decodeActivity,
  decodePlaces,
  decodeRecord,
  fieldOf,
  toConnection,
} from './record.codec.js';

/** A connection, and the place at which it was found. */
export type Placed = readonly [place: number, connection: FleetConnection];

/** Some neighbours. */
export interface Neighbours {
  readonly found: readonly Placed[];
  /** Where to go on; `undefined` at the end of the node. */
  readonly next: number | undefined;
}

/** Reads the connections of one node. */
export interface NodeReader {
  /** Those from a place on, in their order, as many as are read at once; only those of an identity where one is given. */
  from(place: number, identity?: string): Promise<Neighbours>;
}

/** All connections of an identity on a node. */
export async function findAll(reader: NodeReader, identity: string): Promise<FleetConnection[]> {
  const connections: FleetConnection[] = [];
  for (let place: number | undefined = 0; place !== undefined;) {
    const { found, next }: Neighbours = await reader.from(place, identity);
    for (const [, connection] of found) connections.push(connection);
    place = next;
  }
  return connections;
}

/** Whether an identity has a connection on a node. */
export async function holds(reader: NodeReader, identity: string): Promise<boolean> {
  for (let place: number | undefined = 0; place !== undefined;) {
    const { found, next }: Neighbours = await reader.from(place, identity);
    if (found.length > 0) return true;
    place = next;
  }
  return false;
}

/** Places read at once. */
const WINDOW = 4 * BLOCK_SIZE;

/** Reads what another node has written into the store. */
export class StoredNode implements NodeReader {
  constructor(
    private readonly node: LiveNode,
    private readonly store: BoundedStore,
    /** The store's time. */
    private readonly now: number,
  ) {}

  async from(place: number, identity?: string): Promise<Neighbours> {
    if (identity !== undefined) return this.ofIdentity(place, identity);
    const end = Math.min(place + WINDOW, this.node.summary.places);
    const places = Array.from({ length: Math.max(0, end - place) }, (_, at) => place + at);
    return {
      found: await this.read(places),
      next: end < this.node.summary.places ? end : undefined,
    };
  }

  private async ofIdentity(place: number, identity: string): Promise<Neighbours> {
    const { life } = this.node;
    const bucket = bucketOf(identity);
    const [text] = await this.store.call((store) => store.read(life, 'identities', [bucket]));
    const places = decodePlaces(text)
      .filter((each) => each >= place)
      .sort((one, other) => one - other);
    const found = await this.read(places.slice(0, WINDOW));
    // Others share the field.
    return { found: found.filter(([, each]) => each.identity === identity), next: places[WINDOW] };
  }

  private async read(places: readonly number[]): Promise<Placed[]> {
    if (places.length === 0) return [];
    const { life, id: node, summary } = this.node;
    const blocks = [...new Set(places.map((place) => Math.floor(place / BLOCK_SIZE)))];
    const [records, activity] = await Promise.all([
      this.store.call((store) => store.read(life, 'records', places.map(fieldOf))),
      this.store.call((store) => store.read(life, 'activity', blocks.map(fieldOf))),
    ]);
    const byBlock = new Map(blocks.map((block, at) => [block, activity[at]]));
    return places.flatMap((place, at): Placed[] => {
      const text = records[at];
      const record = text === undefined ? undefined : decodeRecord(text);
      if (record === undefined) return [];
      const block = byBlock.get(Math.floor(place / BLOCK_SIZE));
      const activityAt = decodeActivity(block, place % BLOCK_SIZE);
      const { gateways } = summary;
      return [[place, toConnection(record, { node, gateways, activityAt, now: this.now })]];
    });
  }
}
