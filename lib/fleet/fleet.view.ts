import type {
  ConnectionCommands,
  ConnectionTarget,
  DisconnectOptions,
} from '../connection/connection.commands.js';
import type { Census } from '../connection/connection.census.js';
import { BoundedStore } from './bounded.store.js';
import { countAll } from './census.pass.js';
import type {
  FleetConnections,
  FleetDisconnectReport,
  FleetFilter,
  FleetOverview,
  FleetPage,
  FleetSize,
  FleetSnapshot,
} from './fleet.answers.js';
import type { FleetMember } from './fleet.member.js';
import { overviewOf, rollOf, type LiveNode, type Roll } from './fleet.overview.js';
import { gather, pageOf, type Readable } from './fleet.page.js';
import type { FleetSource, Mirrored } from './fleet.source.js';
import type { FleetDirectory, FleetStore } from './fleet.store.js';
import { ownerOf, wantedIdentity } from './fleet.target.js';
import { findAll, holds, StoredNode, type NodeReader } from './node.reader.js';
import { LoneNode, OwnNode } from './own.node.js';
import { summaryOf } from './self.summary.js';
import { checkedDirectory } from './store.answers.js';
import { findSplitSessions } from './split.sessions.js';

/** Questions to the store that may be open at once. */
const MAX_OPEN = 2_000;

/** The nodes at one moment, and who reads them. */
interface Scene {
  readonly now: number;
  readonly roll: Roll;
  readonly directory: FleetDirectory | undefined;
}

/**
 * All nodes, seen from one of them. This node itself is read without the store, so that without a store the fleet is this
 * node, and costs nothing. Nothing here throws because a node or the store is gone: the answer is marked `partial`.
 */
export class FleetView<Each extends Mirrored = Mirrored> {
  private readonly store: BoundedStore | undefined;

  constructor(
    private readonly parts: {
      readonly source: FleetSource<Each>;
      readonly commands: ConnectionCommands;
      readonly store: FleetStore | undefined;
      readonly member: FleetMember<Each> | undefined;
    },
  ) {
    this.store = parts.store === undefined ? undefined : new BoundedStore(parts.store, MAX_OPEN);
  }

  /** The id of this node: what the ids of its connections begin with. */
  get nodeId(): string {
    return this.parts.source.nodeId;
  }

  /** All nodes, and everybody who is online on one and has a stale connection on another. */
  async snapshot(): Promise<FleetSnapshot> {
    const scene = await this.look();
    const { sessions, isPartial } = await findSplitSessions(
      scene.roll.nodes.map((node) => ({
        id: node.id,
        staleSessions: node.summary.staleSessions,
        reader: this.readerOf(node, scene),
      })),
      ({ reader }, identity) => holds(reader, identity),
    );
    const overview = this.overviewOf(scene);
    return { ...overview, partial: overview.partial || isPartial, split_sessions: sessions };
  }

  /** The connections of an identity, whichever node holds them. */
  async find({ identity }: { readonly identity: string | number }): Promise<FleetConnections> {
    const wanted = wantedIdentity('find()', identity);
    const scene = await this.look();
    const answers = await Promise.allSettled(
      scene.roll.nodes.map((node) => findAll(this.readerOf(node, scene), wanted)),
    );
    return {
      connections: answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : [])),
      partial: scene.roll.isPartial || answers.some(({ status }) => status === 'rejected'),
    };
  }

  /** Whether an identity has a connection on any node. Where the answer may be incomplete, {@link find} says so. */
  async isOnline(identity: string | number): Promise<boolean> {
    const wanted = wantedIdentity('isOnline()', identity);
    if (await holds(this.own(), wanted)) return true;
    if (this.store === undefined) return false;
    const scene = await this.look();
    const answers = await Promise.allSettled(
      scene.roll.nodes.map((node) => holds(this.readerOf(node, scene), wanted)),
    );
    return answers.some((answer) => answer.status === 'fulfilled' && answer.value);
  }

  /**
   * The connections of all nodes, page by page: by node, and within a node in an order of its own. Pages may be asked of
   * different nodes.
   *
   * @throws ConnectionHealthArgumentError for a limit, a cursor, an identity or a time that is none
   */
  async connections(filter: FleetFilter = {}): Promise<FleetPage> {
    const { identity } = filter;
    const wanted = pageOf(
      filter,
      identity === undefined ? undefined : wantedIdentity('connections()', identity),
    );
    const scene = await this.look();
    const nodes = scene.roll.nodes.filter(({ id }) => filter.node === undefined || id === filter.node);
    const readable = nodes.map((node): Readable => ({ id: node.id, reader: this.readerOf(node, scene) }));
    const { connections, next, isPartial } = await gather(readable, wanted);
    const partial = scene.roll.isPartial || isPartial;
    return next === undefined ? { connections, partial } : { connections, partial, next };
  }

  /**
   * Closes one connection, or all of an identity, as `evicted`, on whichever node. Waits for the answers of other nodes for
   * at most one beat of the store (5 s by default).
   *
   * @throws ConnectionHealthArgumentError for a code or text that no close frame may carry
   */
  async disconnect(
    target: ConnectionTarget,
    options: DisconnectOptions = {},
  ): Promise<FleetDisconnectReport> {
    const { commands, member } = this.parts;
    const here = await commands.disconnect(target, options);
    if (member === undefined) return { closing: here, partial: false, unanswered: [] };
    const owner = ownerOf(target);
    if (owner === this.nodeId) return { closing: here, partial: false, unanswered: [] };
    const { roll } = await this.look();
    const others = roll.nodes
      .map(({ id }) => id)
      .filter((id) => id !== this.nodeId && (owner === undefined || id === owner));
    const { closing, unanswered } = await member.post.order(others, target, options);
    const partial = unanswered.length > 0 || (roll.isPartial && (owner === undefined || others.length === 0));
    return { closing: here + closing, partial, unanswered };
  }

  /** All nodes as of the last beat, at once. @param census of this node's own connections, where it was just taken */
  overview(census?: Census): FleetOverview {
    const { member, source } = this.parts;
    const scene = this.sceneOf(
      member?.directory,
      member === undefined || member.isReachable,
      member?.storeNow ?? source.now(),
      census,
    );
    return this.overviewOf(scene);
  }

  /** How many there are, at once and without a look at any connection. */
  size(): FleetSize {
    const { member, source, store } = this.parts;
    const own = source.connectionCount();
    if (member === undefined) return { store: undefined, nodes: 1, connections: own, partial: false };
    const { nodes, isPartial } = rollOf(member.directory ?? { entries: [] }, member.storeNow);
    const others = nodes.filter(({ id }) => id !== this.nodeId);
    return {
      store: store?.name,
      nodes: others.length + 1,
      connections: others.reduce((sum, { summary }) => sum + summary.connections, own),
      partial: isPartial || !member.isReachable,
    };
  }

  private overviewOf({ roll, now, directory }: Scene): FleetOverview {
    const store = this.parts.store?.name ?? 'memory';
    return overviewOf(roll, { store, selfId: this.nodeId, now, losses: directory?.losses ?? [] });
  }

  private async look(): Promise<Scene> {
    const { member, source } = this.parts;
    const { store } = this;
    if (store === undefined) return this.sceneOf(undefined, true, source.now());
    try {
      const directory = checkedDirectory(await store.call((each) => each.directory()));
      return this.sceneOf(directory, true, directory.now);
    } catch {
      return this.sceneOf(member?.directory, false, member?.storeNow ?? source.now());
    }
  }

  /** This node is always there: also before its first beat, and where the store is away. */
  private sceneOf(
    directory: FleetDirectory | undefined,
    isReachable: boolean,
    now: number,
    census?: Census,
  ): Scene {
    const { nodes, isPartial } = rollOf(directory ?? { entries: [] }, now);
    const known = nodes.find(({ id }) => id === this.nodeId);
    const self: LiveNode = {
      id: this.nodeId,
      life: known?.life ?? '',
      summary: this.ownSummary(census),
    };
    const all = [...nodes.filter((each) => each !== known), self].sort((one, other) =>
      one.id < other.id ? -1 : 1,
    );
    const isMissing = this.store !== undefined && (!isReachable || directory === undefined);
    return { now, directory, roll: { nodes: all, isPartial: isPartial || isMissing } };
  }

  private ownSummary(census?: Census): LiveNode['summary'] {
    const { member, source } = this.parts;
    const known = member?.summary;
    if (known !== undefined && census === undefined) return known;
    const report =
      census === undefined
        ? countAll(source)
        : { census, overdue: known?.overdue ?? 0, staleSessions: known?.staleSessions ?? [] };
    const facts = { isComplete: true, gateways: [], places: 0, activityAt: source.now(), activityEveryMs: 0 };
    const offsetMs = (member?.storeNow ?? source.now()) - source.now();
    const summary = summaryOf(source, report, { ...facts, offsetMs });
    // Nobody has to tell it from others, and aggregates go to whoever may ask.
    return this.store === undefined ? { ...summary, name: 'this process' } : summary;
  }

  private own(): NodeReader {
    const { source, member } = this.parts;
    if (member === undefined) return new LoneNode(source);
    return new OwnNode(source, member.mirror, member.storeNow - source.now());
  }

  private readerOf(node: LiveNode, { now }: Scene): NodeReader {
    return node.id === this.nodeId || this.store === undefined
      ? this.own()
      : new StoredNode(node, this.store, now);
  }
}
