import type { ConnectionSnapshot } from '../connection/connection.snapshot.js';
import type { ConnectionMirror } from './connection.mirror.js';
import type { FleetConnection } from './fleet.answers.js';
import type { FleetSource, Mirrored } from './fleet.source.js';
import type { Neighbours, NodeReader, Placed } from './node.reader.js';
import { fieldOf } from './record.codec.js';

const WINDOW = 256;

/** What is read of this process. */
export type OwnFacts = Pick<FleetSource, 'nodeId' | 'connections' | 'toEpoch' | 'now'>;

/** This process, read without a store and without a delay. Its places are the numbers of its connections: nobody else reads them. */
export class LoneNode implements NodeReader {
  constructor(
    protected readonly source: OwnFacts,
    protected readonly offsetMs = 0,
  ) {}

  async from(place: number, identity?: string): Promise<Neighbours> {
    const { source } = this;
    const after = place === 0 ? undefined : `${source.nodeId}-${fieldOf(place - 1)}`;
    const found = source
      .connections({ after, limit: WINDOW, ...(identity === undefined ? {} : { identity }) })
      .map((each): Placed => [sequenceOf(each.id), this.told(each)]);
    return { found, next: found.length < WINDOW ? undefined : found.at(-1)![0] + 1 };
  }

  private told(each: ConnectionSnapshot): FleetConnection {
    const { id, gateway, transport, identity, address, openedAt, ageMs, lastActivityAt, idleMs } = each;
    return {
      id,
      node: this.source.nodeId,
      gateway,
      transport,
      identity,
      address,
      openedAt: openedAt + this.offsetMs,
      ageMs,
      lastActivityAt: lastActivityAt + this.offsetMs,
      idleMs,
    };
  }
}

/** This process as a node of a fleet: at the places at which others find its connections, so that a page may go on anywhere. */
export class OwnNode<Each extends Mirrored> extends LoneNode {
  constructor(
    source: OwnFacts,
    private readonly mirror: ConnectionMirror<Each>,
    offsetMs: number,
  ) {
    super(source, offsetMs);
  }

  override async from(place: number, identity?: string): Promise<Neighbours> {
    if (identity !== undefined) {
      const places = this.mirror.placesOf(identity).filter((each) => each >= place);
      return { found: this.at(places.slice(0, WINDOW)), next: places[WINDOW] };
    }
    const end = Math.min(place + WINDOW, this.mirror.end);
    const places = Array.from({ length: Math.max(0, end - place) }, (_, at) => place + at);
    return { found: this.at(places), next: end < this.mirror.end ? end : undefined };
  }

  private at(places: readonly number[]): Placed[] {
    return places.flatMap((place): Placed[] => {
      const connection = this.mirror.at(place);
      return connection === undefined ? [] : [[place, this.mirrored(connection)]];
    });
  }

  private mirrored({
    sequence,
    identity,
    server,
    transport,
    peer,
    openedAt,
    lastActivityAt,
  }: Mirrored): FleetConnection {
    const { source, offsetMs } = this;
    const [opened, active, now] = [source.toEpoch(openedAt), source.toEpoch(lastActivityAt), source.now()];
    return {
      id: `${source.nodeId}-${fieldOf(sequence)}`,
      node: source.nodeId,
      gateway: server.name,
      transport,
      identity,
      address: peer.address,
      openedAt: opened + offsetMs,
      ageMs: Math.max(0, now - opened),
      lastActivityAt: active + offsetMs,
      idleMs: Math.max(0, now - active),
    };
  }
}

function sequenceOf(id: string): number {
  return Number.parseInt(id.slice(id.lastIndexOf('-') + 1), 36);
}
