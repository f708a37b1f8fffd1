import { NEVER, type AwakeClock, type AwakeTime } from '../clock/awake.clock.js';
import type { Clock } from '../clock/clock.js';
import type { ConnectionFollower } from '../connection/connection.follower.js';
import type { ConnectionHistory } from '../connection/connection.history.js';
import type { Connection } from '../connection/connection.js';
import type { WatchedServer } from '../connection/watched.server.js';
import type { LifecycleBus } from '../lifecycle/lifecycle.bus.js';
import type { Finding, FindingSignal } from '../lifecycle/lifecycle.events.js';
import { CutJournal } from './cut.journal.js';
import { FailureJournal } from './failure.journal.js';
import type { FindingsBoard } from './findings.board.js';
import { GhostJournal } from './ghost.journal.js';
import { ghostRateFinding, outageMsOf } from './ghost-rate.finding.js';
import { GROWTH_SPAN_MS, growthFinding } from './growth.finding.js';
import { countHeads, type HeadCount } from './head.count.js';
import { CUT_SPAN_MS, idleCutFinding } from './idle-cut.finding.js';
import type { LeakSettings } from './leak.settings.js';
import { socketErrorsFinding } from './socket-errors.finding.js';
import { isProvable, staleRatioFinding } from './stale-ratio.finding.js';
import { terminatingProxyFinding } from './terminating-proxy.finding.js';

const LOOK_EVERY_MS = 10_000;
/** Looks without a finding before it is right again: chance halves a rate of ten minutes now and then. */
const CALM_LOOKS = 60;
/** What is counted anew with each look is right when it is. */
const CALM_LOOKS_AFTER_SWEEP = 6;
/** Connections come in their crowds when a process starts. */
const START_MS = 3_600_000;

/** Looks for leaks every ten seconds: remembers what happened, counts heads, and lets pure functions conclude. */
export class LeakFinder {
  readonly cuts: CutJournal;
  /** What wants to hear of connections. */
  readonly followers: readonly ConnectionFollower[];
  private readonly ghosts: GhostJournal;
  private readonly failures: FailureJournal;
  private startedAt: number | undefined;
  private nextAt = -Infinity;
  private isLooking = false;
  private provableSince: AwakeTime = NEVER;

  constructor(
    private readonly parts: {
      readonly settings: LeakSettings;
      readonly clock: Clock;
      readonly awake: AwakeClock;
      readonly connections: Iterable<Connection>;
      readonly history: ConnectionHistory;
      readonly servers: () => Iterable<WatchedServer>;
      readonly bus: LifecycleBus;
      readonly board: FindingsBoard;
      readonly failed: (error: unknown) => void;
    },
  ) {
    const { clock, awake, bus } = parts;
    this.ghosts = new GhostJournal(clock, bus);
    this.failures = new FailureJournal(clock);
    this.cuts = new CutJournal(clock, awake);
    this.followers = [this.ghosts, this.failures, this.cuts];
  }

  /** Looks, if it is time and no look is under way. */
  tick(): void {
    this.cuts.tick();
    // By the wall: where the loop is blocked, awake time hardly passes.
    const now = this.parts.clock.monotonic();
    this.startedAt ??= now;
    if (now < this.nextAt || this.isLooking) return;
    this.nextAt = now + LOOK_EVERY_MS;
    this.isLooking = true;
    void this.look()
      .catch((error: unknown) => this.parts.failed(error))
      .finally(() => (this.isLooking = false));
  }

  private async look(): Promise<void> {
    const { connections, awake, clock, settings } = this.parts;
    const nextTurn = (): Promise<void> => new Promise((resolve) => clock.afterPoll(resolve));
    const heads = await countHeads(connections, awake, nextTurn);
    this.settle('growth', (stands) => this.growth(heads, stands));
    this.settle('stale_ratio', (stands) => this.staleRatio(heads, stands), CALM_LOOKS_AFTER_SWEEP);
    const ghosts = this.ghosts.recent();
    const outageMs = Math.max(0, ...[...this.parts.servers()].map((server) => outageMsOf(server.settings)));
    this.settle('ghost_rate', (stands) => ghostRateFinding({ ...ghosts, outageMs }, settings, stands));
    this.settle('ghosts_behind_terminating_proxy', (stands) => terminatingProxyFinding(ghosts, stands));
    this.settle('idle_cut', (stands) => idleCutFinding(this.cuts.recent(CUT_SPAN_MS), stands));
    this.settle('socket_errors', (stands) => socketErrorsFinding(this.failures.recent(), settings, stands));
  }

  private settle(
    signal: FindingSignal,
    find: (stands: boolean) => Finding | undefined,
    calmLooks = CALM_LOOKS,
  ): void {
    const { board } = this.parts;
    board.settle(signal, find(board.stands(signal)), calmLooks);
  }

  private growth({ total, identified }: HeadCount, stands: boolean): Finding | undefined {
    const { clock, history, settings } = this.parts;
    const now = clock.monotonic();
    const spanMs = Math.min(GROWTH_SPAN_MS, now - this.startedAt! - START_MS);
    const samples = history.recent(spanMs, now);
    return growthFinding({ samples, identifiedShare: identified / Math.max(1, total) }, settings, stands);
  }

  private staleRatio(heads: HeadCount, stands: boolean): Finding | undefined {
    const { awake, settings } = this.parts;
    const now = awake.now();
    // A silence that was proven is so until it is over.
    if (!isProvable(heads, settings, this.provableSince !== NEVER)) this.provableSince = NEVER;
    else if (this.provableSince === NEVER) this.provableSince = now;
    const provableForMs = this.provableSince === NEVER ? 0 : now - this.provableSince;
    return staleRatioFinding({ ...heads, provableForMs }, settings, stands);
  }
}
