import type { ConnectionCommands } from '../connection/connection.commands.js';
import type { LifecycleBus } from '../lifecycle/lifecycle.bus.js';
import { BoundedStore } from './bounded.store.js';
import { passOver } from './census.pass.js';
import { ConnectionMirror } from './connection.mirror.js';
import { Errand } from './errand.js';
import { rollOf } from './fleet.overview.js';
import type { FleetSource, Mirrored } from './fleet.source.js';
import type { FleetDirectory, FleetStore } from './fleet.store.js';
import { LeaseKeeper } from './lease.keeper.js';
import { NodeReaper } from './node.reaper.js';
import { encodeSummary, type NodeSummary } from './node.summary.js';
import { PostOffice } from './post.office.js';
import { summaryOf } from './self.summary.js';
import { staleRecordsFinding } from './stale-records.finding.js';
import { checkedDirectory } from './store.answers.js';
import { StoreHealth, type FindingsPlace } from './store.health.js';

/** Between two looks for nodes that died, and two looks into the own box; the latter also after which a failed beat is tried again. */
const LOOK_BEATS = 0.4;
const MAIL_BEATS = 0.2;
/** How long an order to other nodes waits for its answers: each looks into its box a few times meanwhile, and at least so many milliseconds. */
const ORDER_BEATS = 1;
const MIN_ORDER_MS = 2_000;
/** Calls that may be left without an answer before no new one is begun. */
const MAX_UNANSWERED = 32;
/** Letters to other nodes that may be under way at once. */
const MAX_LETTERS_OUT = 2_000;

/**
 * This process as a node of a fleet. Beats, reaps and reads its letters side by side, so that none of them keeps the others
 * waiting on a slow way, and does nothing that a gateway would have to wait for.
 */
export class FleetMember<Each extends Mirrored> {
  readonly mirror: ConnectionMirror<Each>;
  readonly post: PostOffice;
  /** Everybody, as of the last beat; `undefined` before the first. */
  directory: FleetDirectory | undefined;
  /** What this node last said of itself. */
  summary: NodeSummary | undefined;

  private readonly store: BoundedStore;
  private readonly lease: LeaseKeeper<Each>;
  private readonly reaper: NodeReaper;
  private readonly health: StoreHealth;
  private readonly beats: Errand;
  private readonly looks: Errand;
  private readonly mail: Errand;
  private hasLeft = false;
  private activityAt = -Infinity;
  private activityTold = 0;

  constructor(
    private readonly parts: {
      readonly store: FleetStore;
      readonly source: FleetSource<Each>;
      readonly bus: LifecycleBus;
      readonly board: FindingsPlace;
      readonly commands: ConnectionCommands;
      /** Monotonic milliseconds. */
      readonly monotonic: () => number;
    },
  ) {
    const { store, source, bus, commands } = parts;
    const { nodeId } = source;
    const storeNow = (): number => this.storeNow;
    this.store = new BoundedStore(store, MAX_UNANSWERED);
    this.health = new StoreHealth(store.name, parts.board);
    this.mirror = new ConnectionMirror((awakeTime) => source.toEpoch(awakeTime) + this.lease.offsetMs);
    this.lease = new LeaseKeeper({
      store: this.store,
      mirror: this.mirror,
      nodeId,
      now: () => source.now(),
      rejoined: (cause) => {
        if (cause !== 'unsure') bus.publish('fleet_rejoined', () => ({ node: nodeId, cause }));
      },
    });
    this.reaper = new NodeReaper({ store: this.store, bus, storeNow });
    const patienceMs = Math.max(MIN_ORDER_MS, ORDER_BEATS * store.beatMs);
    const outbox = new BoundedStore(store, MAX_LETTERS_OUT);
    this.post = new PostOffice({ store: this.store, outbox, nodeId, commands, patienceMs, storeNow });
    this.beats = this.errand('beat', 1, (now) => this.beat(now));
    this.looks = this.errand('look', LOOK_BEATS, () => this.reaper.look(this.lease.life));
    this.mail = this.errand('mail', MAIL_BEATS, () => this.post.look());
  }

  /** The store's time, as far as this process knows it. */
  get storeNow(): number {
    return this.parts.source.now() + this.lease.offsetMs;
  }

  /** Whether the store answers. */
  get isReachable(): boolean {
    return !this.health.isAway && this.directory !== undefined;
  }

  /** Does what is due. Called often; never throws, and never waits. */
  tick(): void {
    if (this.hasLeft) return;
    const now = this.parts.monotonic();
    this.beats.tick(now);
    // Who is not there yet is not to act.
    if (!this.lease.hasBegun) return;
    this.looks.tick(now);
    this.mail.tick(now, this.post.isWaiting);
  }

  /** Leaves the fleet, and nothing behind. Bounded in time; a store that is away drops what is left by itself. */
  async leave(): Promise<void> {
    if (this.hasLeft) return;
    this.hasLeft = true;
    this.post.close();
    // What is under way ends with its next call, however much it still had to write.
    this.store.isStopped = true;
    await Promise.all([this.beats, this.looks, this.mail].map((errand) => errand.settled()));
    this.store.isStopped = false;
    await this.lease.leave();
  }

  private errand(what: string, everyBeats: number, work: (now: number) => Promise<void>): Errand {
    const { beatMs } = this.parts.store;
    return new Errand({
      run: async (now) => {
        await work(now);
        return everyBeats * beatMs;
      },
      retryMs: MAIL_BEATS * beatMs,
      succeeded: () => this.health.answered(what),
      failed: (error) => {
        if (!this.hasLeft) this.health.failed(what, error);
      },
    });
  }

  private async beat(now: number): Promise<void> {
    const { source, store } = this.parts;
    const everyMs = Math.max(source.heartbeatMs, store.beatMs);
    const isActivityDue = now >= this.activityAt;
    const report = await passOver(this.mirror, source, isActivityDue);
    if (isActivityDue) this.activityAt = now + everyMs;
    if (isActivityDue) this.activityTold = source.now();
    await this.lease.beat(() => {
      const { offsetMs, isComplete } = this.lease;
      const { gateways, end: places } = this.mirror;
      const activity = { activityAt: this.activityTold + offsetMs, activityEveryMs: everyMs };
      this.summary = summaryOf(source, report, { offsetMs, isComplete, gateways, places, ...activity });
      return encodeSummary(this.summary);
    });
    this.directory = checkedDirectory(await this.store.call((each) => each.directory()));
    this.judge(this.directory);
  }

  private judge(directory: FleetDirectory): void {
    const { nodes } = rollOf(directory, directory.now);
    const finding = staleRecordsFinding(nodes, directory.now);
    if (finding === undefined) this.parts.board.clear('fleet_stale_records');
    else this.parts.board.raise(finding);
  }
}
