import type { Mirrored } from './fleet.source.js';
import type { FleetChanges } from './fleet.store.js';
import { IdentityIndex } from './identity.index.js';
import type { GatewayName } from './node.summary.js';
import { BLOCK_SIZE, encodeActivity, encodeRecord, fieldOf } from './record.codec.js';

/** Fields written by one command; a block of activity is worth many, so that no chunk takes long to put together. */
const CHUNK = 500;
const BLOCKS_PER_CHUNK = 60;

/**
 * What a store is to hold of this process, and what of it is not written yet: a set of numbers, however long the store is
 * away. Connections live at places, small numbers that are used again, so that neighbours can share fields.
 */
export class ConnectionMirror<Each extends Mirrored> {
  private readonly places: (Each | undefined)[] = [];
  private readonly placeOf = new Map<Each, number>();
  private readonly free: number[] = [];
  private readonly index = new IdentityIndex();
  private readonly names: GatewayName[] = [];
  private changed = new Set<number>();
  private changedBlocks = new Set<number>();
  private blocksWritten = 0;

  /** @param toStoreTime awake time as the store's, in milliseconds since the Unix epoch */
  constructor(private readonly toStoreTime: (awakeTime: number) => number) {}

  get size(): number {
    return this.placeOf.size;
  }

  /** Records name gateways, and what carries their connections, by their place in this list. */
  get gateways(): readonly GatewayName[] {
    return this.names;
  }

  /** A connection is different; one that is not there, since nobody watches it any more, is none of ours. */
  update(connection: Each): void {
    if (this.placeOf.has(connection)) this.put(connection);
  }

  /** A connection is there. */
  put(connection: Each): void {
    const place = this.placeOf.get(connection) ?? this.free.pop() ?? this.places.length;
    this.places[place] = connection;
    this.placeOf.set(connection, place);
    this.index.set(place, connection.identity);
    this.gatewayOf(connection);
    this.changed.add(place);
  }

  /** A connection is gone. */
  drop(connection: Each): void {
    const place = this.placeOf.get(connection);
    if (place === undefined) return;
    this.placeOf.delete(connection);
    this.places[place] = undefined;
    this.free.push(place);
    this.index.set(place, undefined);
    this.changed.add(place);
  }

  /** Nothing of it is written any more. */
  markAll(): void {
    this.changed = new Set(this.placeOf.values());
    this.index.markAll();
    this.blocksWritten = 0;
    this.changedBlocks.clear();
    this.noteActivity(0, this.places.length);
  }

  /** The connection at a place, if there is one. */
  at(place: number): Each | undefined {
    return this.places[place];
  }

  /** The places of the connections of an identity, in their order. */
  placesOf(identity: string): number[] {
    return this.index
      .placesBeside(identity)
      .filter((place) => this.places[place]?.identity === identity)
      .sort((one, other) => one - other);
  }

  /** The connections at these places. */
  *between(fromPlace: number, toPlace: number): Generator<Each> {
    for (let place = fromPlace; place < Math.min(toPlace, this.places.length); place++) {
      const connection = this.places[place];
      if (connection !== undefined) yield connection;
    }
  }

  /** How many places there are, the empty ones included. */
  get end(): number {
    return this.places.length;
  }

  /** The activity of the connections at these places is to be written anew. */
  noteActivity(fromPlace: number, toPlace: number): void {
    const first = Math.floor(fromPlace / BLOCK_SIZE);
    const last = Math.ceil(Math.min(toPlace, this.places.length) / BLOCK_SIZE);
    for (let block = first; block < last; block++) this.changedBlocks.add(block);
  }

  /** What is not written yet, chunk by chunk; it counts as written from the moment on in which it was taken. */
  *take(): Generator<FleetChanges> {
    while (this.hasChanges) {
      const records = this.takeRecords();
      const activity = this.takeActivity(records.size === CHUNK ? 0 : BLOCKS_PER_CHUNK);
      const identities = this.index.take(Math.max(0, CHUNK - records.size - activity.size));
      yield { records, activity, identities };
    }
  }

  private get hasChanges(): boolean {
    return this.changed.size > 0 || this.changedBlocks.size > 0 || this.index.hasChanges;
  }

  private takeRecords(): Map<string, string | undefined> {
    const taken = new Map<string, string | undefined>();
    for (const place of this.changed) {
      if (taken.size >= CHUNK) break;
      const connection = this.places[place];
      taken.set(fieldOf(place), connection === undefined ? undefined : this.recordOf(connection));
      this.changed.delete(place);
    }
    return taken;
  }

  private takeActivity(limit: number): Map<string, string | undefined> {
    const taken = new Map<string, string | undefined>();
    for (const block of this.changedBlocks) {
      if (taken.size >= limit) break;
      this.changedBlocks.delete(block);
      const text = this.activityOf(block);
      // A block that is empty and was never written needs no field to be removed.
      if (text !== undefined || block < this.blocksWritten) taken.set(fieldOf(block), text);
      if (text !== undefined) this.blocksWritten = Math.max(this.blocksWritten, block + 1);
    }
    return taken;
  }

  private activityOf(block: number): string | undefined {
    const start = block * BLOCK_SIZE;
    const moments = Array.from({ length: BLOCK_SIZE }, (_, place) => {
      const connection = this.places[start + place];
      return connection === undefined ? undefined : this.toStoreTime(connection.lastActivityAt);
    });
    return moments.every((at) => at === undefined) ? undefined : encodeActivity(moments);
  }

  private recordOf(connection: Each): string {
    const { sequence, openedAt, identity } = connection;
    const { address } = connection.peer;
    const gateway = this.gatewayOf(connection);
    return encodeRecord({ sequence, openedAt: this.toStoreTime(openedAt), gateway, identity, address });
  }

  private gatewayOf({ server: { name: gateway }, transport }: Each): number {
    const known = this.names.findIndex((each) => each.gateway === gateway && each.transport === transport);
    return known >= 0 ? known : this.names.push({ gateway, transport }) - 1;
  }
}
