import { NEVER, type AwakeClock, type AwakeTime } from '../clock/awake.clock.js';
import type { SweepOrder, SweepReport } from '../connection/connection.commands.js';
import type { Clock } from '../clock/clock.js';
import type { ConnectionCloser } from '../connection/connection.closer.js';
import type { Connection } from '../connection/connection.js';
import type { ConnectionRegistry } from '../connection/connection.registry.js';
import type { ConnectionPhotographer } from '../connection/connection.snapshot.js';
import type { WatchedServer } from '../connection/watched.server.js';
import type { LifecycleBus } from '../lifecycle/lifecycle.bus.js';
import type { MassTimeoutSettings } from './mass-timeout.breaker.js';
import { ColumnPass, glanceLimitOf } from './column.pass.js';
import { ghostKindOf, isObserved, isSilent, timeoutMsOf } from './staleness.js';

const MAX_REPORTED = 100;

/** The scheduled pass that finds and closes the stale (R5). */
export class StaleSweeper {
  private readonly nextAt = new WeakMap<WatchedServer, AwakeTime>();
  /** When a scheduled sweep of a server last ended, or when the server was first seen. */
  private readonly endedAt = new WeakMap<WatchedServer, AwakeTime>();
  private isSweeping = false;
  /** Those that were asked once more because so many were stale at once. */
  private readonly askedAgainAt = new WeakMap<Connection, AwakeTime>();
  /** The last sweep that ended. */
  lastReport: SweepReport | undefined;
  /** When it ended. */
  lastEndedAt: AwakeTime | undefined;

  constructor(
    private readonly parts: {
      readonly clock: Clock;
      readonly awake: AwakeClock;
      readonly registry: ConnectionRegistry;
      readonly closer: ConnectionCloser;
      readonly bus: LifecycleBus;
      readonly photographer: ConnectionPhotographer;
      /** The servers watched at present. */
      readonly servers: () => Iterable<WatchedServer>;
      /** Runs in the next turn of the event loop, so that others may run before. */
      readonly nextTurn: (run: () => void) => void;
      readonly massTimeout: MassTimeoutSettings | false;
      /** Asks a connection, as its settings say, for a sign of life. */
      readonly ask: (connection: Connection, now: AwakeTime) => void;
      /** A socket turned out to be closing without anybody having told. */
      readonly foundClosing: (connection: Connection) => void;
      /** Whether a connection is nobody's to judge: an audit's own. */
      readonly isExempt?: (connection: Connection) => boolean;
      readonly failed: (error: unknown) => void;
    },
  ) {}

  /** Sweeps the servers whose time has come. @returns whether there were any */
  tick(now: AwakeTime): boolean {
    if (this.isSweeping) return false;
    const due = new Set<WatchedServer>();
    for (const server of this.parts.servers()) if (this.isDue(server, now)) due.add(server);
    if (due.size === 0) return false;
    this.isSweeping = true;
    void this.pass((server) => due.has(server), {})
      .then(() => due.forEach((server) => this.endedAt.set(server, this.parts.awake.now())))
      .catch((error: unknown) => this.parts.failed(error))
      .finally(() => (this.isSweeping = false));
    return true;
  }

  /** When a scheduled sweep of a server last ended, or when it was first seen; `undefined` before. */
  endedAtFor(server: WatchedServer): AwakeTime | undefined {
    return this.endedAt.get(server);
  }

  /** Sweeps all servers now, whatever their schedule. */
  sweep(order: SweepOrder): Promise<SweepReport> {
    return this.pass(() => true, order);
  }

  private isDue(server: WatchedServer, now: AwakeTime): boolean {
    const { sweep } = server.settings;
    if (sweep === false) return false;
    const at = this.nextAt.get(server);
    if (at !== undefined && now < at) return false;
    if (at === undefined) this.endedAt.set(server, now);
    this.nextAt.set(server, now + sweep.intervalMs);
    return at !== undefined;
  }

  private async pass(includes: (server: WatchedServer) => boolean, order: SweepOrder): Promise<SweepReport> {
    const { awake, clock, registry, bus } = this.parts;
    const startedAt = awake.now();
    const startedPreciselyAt = clock.monotonic();
    const stale: Connection[] = [];
    const columns = new ColumnPass({ clock, registry, nextTurn: () => this.nextTurn() });
    await columns.run(
      startedAt,
      (server) => (includes(server) ? glanceLimitOf(server, order) : Infinity),
      (connection, at) => void (this.seemsStale(connection, order, at) && stale.push(connection)),
    );
    const { examined } = columns;
    // Others ran while this pass was under way: whoever was heard of meanwhile is stale no more.
    const now = awake.now();
    const condemned = stale.filter(
      (connection) => this.seemsStale(connection, order, now) && this.isCondemned(connection, order),
    );
    const closed = this.isMass(condemned.length, examined, order)
      ? this.holdAndClose(condemned, now)
      : this.close(condemned);
    const report: SweepReport = {
      at: awake.toEpoch(startedAt),
      durationMs: Math.round((clock.monotonic() - startedPreciselyAt) * 1000) / 1000,
      staleAfterMs: order.staleAfterMs,
      dryRun: order.dryRun ?? false,
      examined,
      stale: stale.length,
      closed,
      held: condemned.length - closed,
      connections: stale
        .sort((one, other) => one.lastActivityAt - other.lastActivityAt)
        .slice(0, MAX_REPORTED)
        .map((connection) => this.parts.photographer.take(connection)),
    };
    this.lastReport = report;
    this.lastEndedAt = awake.now();
    bus.publish('swept', () => ({ report }));
    return report;
  }

  /** Whether a stale connection is to be closed; where it is only observed, says so. */
  private isCondemned(connection: Connection, order: SweepOrder): boolean {
    if (order.dryRun !== undefined) return !order.dryRun;
    if (!isObserved(connection)) return true;
    this.spare(connection);
    return false;
  }

  /** Whether so many would die in a scheduled sweep that the fault may be ours (R7). */
  private isMass(count: number, examined: number, order: SweepOrder): boolean {
    const { massTimeout } = this.parts;
    const isScheduled = order.staleAfterMs === undefined && order.dryRun === undefined;
    if (massTimeout === false || !isScheduled) return false;
    return examined >= massTimeout.minConnections && count > massTimeout.ratio * examined;
  }

  /** Asks once more, and closes only those who were asked a timeout ago. @returns how many are being closed */
  private holdAndClose(condemned: readonly Connection[], now: AwakeTime): number {
    const askedAt = (connection: Connection): AwakeTime => this.askedAgainAt.get(connection) ?? NEVER;
    // Whoever has been alive since is asked anew.
    const fresh = condemned.filter((connection) => askedAt(connection) <= connection.lastActivityAt);
    const overdue = condemned.filter(
      (connection) =>
        askedAt(connection) > connection.lastActivityAt &&
        now - askedAt(connection) >= timeoutMsOf(connection),
    );
    for (const connection of fresh) {
      this.askedAgainAt.set(connection, now);
      this.fenced(() => this.parts.ask(connection, now));
      this.nextAt.set(connection.server, now + timeoutMsOf(connection));
      this.parts.bus.publish('held', () => ({
        connection: this.parts.photographer.take(connection),
        asked: this.parts.registry.size,
        silent: fresh.length,
      }));
    }
    if (fresh.length > 0) {
      this.parts.bus.publish('mass_timeout', () => ({
        asked: this.parts.registry.size,
        silent: fresh.length,
      }));
    }
    return this.close(overdue);
  }

  private close(connections: readonly Connection[]): number {
    const { bus, closer, photographer } = this.parts;
    return connections.filter((connection) => {
      bus.publish('stale', () => ({ connection: photographer.take(connection) }));
      const order = { reason: 'stale_sweep', ghost: ghostKindOf(connection) } as const;
      return this.fenced(() => closer.close(connection, order)) === true;
    }).length;
  }

  /** A socket that cannot be looked at must not end the sweep of the others (R11). */
  private seemsStale(connection: Connection, order: SweepOrder, now: AwakeTime): boolean {
    try {
      return this.isStale(connection, order, now);
    } catch (error) {
      this.parts.failed(error);
      return false;
    }
  }

  private isStale(connection: Connection, order: SweepOrder, now: AwakeTime): boolean {
    const { state, socket, server } = connection;
    if (state !== 'open' || socket === undefined || this.parts.isExempt?.(connection) === true) return false;
    if (!server.driver.isOpen(socket)) {
      this.parts.foundClosing(connection);
      return false;
    }
    const { sweep } = server.settings;
    return isSilent(connection, order.staleAfterMs ?? (sweep === false ? Infinity : sweep.staleAfterMs), now);
  }

  private spare(connection: Connection): void {
    if (connection.sparedAs !== undefined) return;
    const ghost = ghostKindOf(connection);
    connection.sparedAs = ghost;
    const { tally } = connection.server;
    tally.spared.stale_sweep++;
    tally.sparedGhosts[ghost]++;
    this.parts.bus.publish('spared', () => ({
      connection: this.parts.photographer.take(connection),
      reason: 'stale_sweep' as const,
      ghost,
    }));
  }

  /** One connection's failure must not end the sweep of the others (R11). */
  private fenced<Result>(work: () => Result): Result | undefined {
    try {
      return work();
    } catch (error) {
      this.parts.failed(error);
      return undefined;
    }
  }

  private nextTurn(): Promise<AwakeTime> {
    return new Promise((resolve) => this.parts.nextTurn(() => resolve(this.parts.awake.now())));
  }
}
