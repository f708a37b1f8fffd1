import type { Clock } from '../clock/clock.js';
import type { Connection } from '../connection/connection.js';
import type { ConnectionEnd, ConnectionFollower } from '../connection/connection.follower.js';
import type { LifecycleBus } from '../lifecycle/lifecycle.bus.js';
import type { SparedEvent } from '../lifecycle/lifecycle.events.js';
import { RecentCounts } from './recent.counts.js';

/** The ghosts of the last ten minutes. */
export interface RecentGhosts {
  readonly timeouts: number;
  readonly swept: number;
  /** Would have been closed, but are only observed. */
  readonly spared: number;
  /** Of all of them: those whose protocol pings were answered… */
  readonly proxyAnswered: number;
  /** …and that had never answered a heartbeat: clients that do not speak heartbeats look the same. */
  readonly doubtful: number;
  /** All of them by minute, oldest first. */
  readonly perMinute: readonly number[];
}

/** Remembers when ghosts were found. */
export class GhostJournal implements ConnectionFollower {
  private readonly counts = new RecentCounts();

  constructor(
    private readonly clock: Clock,
    bus: LifecycleBus,
  ) {
    bus.on('spared', (event) => this.spared(event));
  }

  closed(connection: Connection, { reason, ghost }: ConnectionEnd): void {
    // Whoever was observed before was counted then.
    if (connection.sparedAs !== undefined || (reason !== 'timeout' && reason !== 'stale_sweep')) return;
    this.note(reason, ghost === 'proxy_answered', connection.hasAnswered);
  }

  recent(): RecentGhosts {
    const now = this.clock.monotonic();
    return {
      timeouts: this.counts.total('timeout', now),
      swept: this.counts.total('stale_sweep', now),
      spared: this.counts.total('spared', now),
      proxyAnswered: this.counts.total('proxy_answered', now),
      doubtful: this.counts.total('doubtful', now),
      perMinute: this.counts.perMinute(['timeout', 'stale_sweep', 'spared'], now),
    };
  }

  private spared({ ghost, connection: { latencyMs } }: SparedEvent): void {
    this.note('spared', ghost === 'proxy_answered', latencyMs !== undefined);
  }

  private note(how: string, isProxyAnswered: boolean, hasAnswered: boolean): void {
    const now = this.clock.monotonic();
    this.counts.add(how, now);
    if (!isProxyAnswered) return;
    this.counts.add('proxy_answered', now);
    if (!hasAnswered) this.counts.add('doubtful', now);
  }
}
