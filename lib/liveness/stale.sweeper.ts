import { NEVER, type AwakeClock, type AwakeTime } from '../clock/awake.clock.js';
import type { ConnectionCloser } from '../connection/connection.closer.js';
import type { Connection, GhostKind } from '../connection/connection.js';
import type { ConnectionRegistry } from '../connection/connection.registry.js';
import { beatIntervalOf } from '../connection/connection.settings.js';
import type { ConnectionPhotographer } from '../connection/connection.snapshot.js';
import { observeOutflow } from '../connection/outflow.js';
import type { WatchedServer } from '../connection/watched.server.js';
import type { LifecycleBus } from '../lifecycle/lifecycle.bus.js';
import type { SweepReport } from '../lifecycle/lifecycle.events.js';
import { isStale } from './liveness.policy.js';
import { noteUnaskedUpload } from './upload.progress.js';

/** Connections looked at before others may run: a slice takes well under 5 ms. */
const SLICE = 5_000;
const MAX_REPORTED = 100;
/** Where nothing is asked there is no timeout to take as the measure for bytes that do not move. */
const FALLBACK_TIMEOUT_MS = 20_000;

/** One sweep's orders. */
export interface SweepOrder {
  /** Close what was silent for longer than this. @default each server's own `sweep.staleAfterMs` */
  readonly staleAfterMs?: number;
  /** Only report. @default true for servers whose options say `observe`, else false */
  readonly dryRun?: boolean;
}

/** The scheduled pass that finds and closes the stale (R5). */
export class StaleSweeper {
  private nextAt = new Map<WatchedServer, AwakeTime>();
  private isSweeping = false;
  /** The last sweep that ended. */
  lastReport: SweepReport | undefined;

  constructor(
    private readonly parts: {
      readonly awake: AwakeClock;
      readonly registry: ConnectionRegistry;
      readonly closer: ConnectionCloser;
      readonly bus: LifecycleBus;
      readonly photographer: ConnectionPhotographer;
      /** The servers watched at present. */
      readonly servers: () => Iterable<WatchedServer>;
      readonly afterPoll: (run: (now: AwakeTime) => void) => void;
      readonly failed: (error: unknown) => void;
    },
  ) {}

  /** Sweeps the servers whose time has come. */
  tick(now: AwakeTime): void {
    if (this.isSweeping) return;
    const due = new Set<WatchedServer>();
    for (const server of this.parts.servers()) if (this.isDue(server, now)) due.add(server);
    if (due.size === 0) return;
    this.isSweeping = true;
    void this.pass((connection) => due.has(connection.server), {})
      .catch((error: unknown) => this.parts.failed(error))
      .finally(() => (this.isSweeping = false));
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
    this.nextAt.set(server, now + sweep.intervalMs);
    return at !== undefined;
  }

  private async pass(includes: (connection: Connection) => boolean, order: SweepOrder): Promise<SweepReport> {
    const { awake, registry, bus } = this.parts;
    const startedAt = awake.now();
    const tally = { examined: 0, closed: 0, stale: [] as Connection[] };
    let now = startedAt;
    for (const connection of registry) {
      if (includes(connection)) this.examine(connection, order, now, tally);
      if (++tally.examined % SLICE === 0) now = await this.nextTurn();
    }
    const report: SweepReport = {
      at: awake.toEpoch(startedAt),
      durationMs: awake.now() - startedAt,
      staleAfterMs: order.staleAfterMs,
      dryRun: order.dryRun ?? false,
      examined: tally.examined,
      stale: tally.stale.length,
      closed: tally.closed,
      connections: tally.stale
        .sort((one, other) => one.lastActivityAt - other.lastActivityAt)
        .slice(0, MAX_REPORTED)
        .map((connection) => this.parts.photographer.take(connection)),
    };
    this.lastReport = report;
    bus.publish('swept', () => ({ report }));
    return report;
  }

  private examine(
    connection: Connection,
    order: SweepOrder,
    now: AwakeTime,
    tally: { closed: number; stale: Connection[] },
  ): void {
    if (connection.state !== 'open' || !this.isStale(connection, order, now)) return;
    tally.stale.push(connection);
    if (order.dryRun ?? isObserved(connection)) {
      if (order.dryRun === undefined) this.spare(connection);
      return;
    }
    const { bus, closer, photographer } = this.parts;
    bus.publish('stale', () => ({ connection: photographer.take(connection) }));
    if (closer.close(connection, { reason: 'stale_sweep', ghost: ghostKindOf(connection) })) tally.closed++;
  }

  private isStale(connection: Connection, order: SweepOrder, now: AwakeTime): boolean {
    const { sweep, heartbeat, progress } = connection.server.settings;
    const staleAfterMs = order.staleAfterMs ?? (sweep === false ? Infinity : sweep.staleAfterMs);
    if (heartbeat === false) noteUnaskedUpload(connection, now);
    if (now - connection.lastActivityAt <= staleAfterMs) return false;
    const facts = {
      isPaused: connection.isPaused || connection.raw?.isPaused?.() === true,
      unsentMovedAt: observeOutflow(connection, now)?.movedAt ?? NEVER,
      // Where nobody is asked nothing is ever confirmed.
      bytesAhead: heartbeat === false ? 0 : connection.writtenBytes - connection.confirmedBytes,
      lastActivityAt: connection.lastActivityAt,
    };
    const timeoutMs = heartbeat === false ? FALLBACK_TIMEOUT_MS : heartbeat.timeoutMs;
    return isStale(facts, { ...progress, staleAfterMs, timeoutMs }, now);
  }

  private spare(connection: Connection): void {
    if (connection.wasSpared) return;
    connection.wasSpared = true;
    this.parts.bus.publish('spared', () => ({
      connection: this.parts.photographer.take(connection),
      reason: 'stale_sweep' as const,
    }));
  }

  private nextTurn(): Promise<AwakeTime> {
    return new Promise((resolve) => this.parts.afterPoll(resolve));
  }
}

function isObserved(connection: Connection): boolean {
  const { sweep, heartbeat } = connection.server.settings;
  return (
    (sweep !== false && sweep.mode === 'observe') || (heartbeat !== false && heartbeat.enforce === 'observe')
  );
}

/** Rule R8, for a connection that nobody has just asked: by whether a hop has spoken since its peer did. */
function ghostKindOf(connection: Connection): GhostKind {
  const { settings } = connection.server;
  if (settings.protocolPing === false) return 'unknown';
  const patienceMs = 2 * (beatIntervalOf(settings) ?? 0);
  return connection.lastHopAt - connection.lastPeerAt > patienceMs ? 'proxy_answered' : 'silent';
}
