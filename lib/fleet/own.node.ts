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

  async from(place: number): Promise<Neighbours> {
    const { source } = this;
    const after = place === 0 ? undefined : `${source.nodeId}-${fieldOf(place - 1)}`;
    const found = source
      .connections({ after, limit: WINDOW })
      .map((each): Placed => [sequenceOf(each.id), this.told(each)]);
    return { found, next: found.length < WINDOW ? undefined : found.at(-1)![0] + 1 };
  }

  async find(identity: string): Promise<FleetConnection[]> {
    return this.source.connections({ identity }).map((each) => this.told(each));
  }

  private told(each: ConnectionSnapshot): FleetConnection {
    const { id, gateway, identity, address, openedAt, ageMs, lastActivityAt, idleMs } = each;
    return {
      id,
      node: this.source.nodeId,
      gateway,
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

  override async from(place: number): Promise<Neighbours> {
    const end = Math.min(place + WINDOW, this.mirror.end);
    const found: Placed[] = [];
    for (let at = place; at < end; at++) {
      const connection = this.mirror.at(at);
      if (connection !== undefined) found.push([at, this.mirrored(connection)]);
    }
    return { found, next: end < this.mirror.end ? end : undefined };
  }

  private mirrored({
    sequence,
    identity,
    server,
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
