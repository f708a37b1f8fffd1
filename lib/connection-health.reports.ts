import { ConnectionHealthArgumentError } from './connection-health.errors.js';
import type { ConnectionHealthRuntime } from './connection-health.runtime.js';
import type { ConnectionFilter } from './connection/connection.commands.js';
import type { Connection } from './connection/connection.js';
import { selectConnections, walkOver, type ConnectionWalk } from './connection/connection.selection.js';
import type { ConnectionSnapshot } from './connection/connection.snapshot.js';
import { identityOf } from './connection/identity.js';
import type { WatchedServer } from './connection/watched.server.js';
import type { DiagnosticsSource } from './diagnostics/diagnostics.source.js';
import { takeWholeCensus } from './connection/connection.census.js';
import type { HistorySample } from './connection/connection.history.js';
import { ServerTally } from './connection/server.tally.js';
import { diagnosticsOf, type DiagnosticsSnapshot } from './diagnostics/diagnostics.snapshot.js';
import type { FleetSize } from './fleet/fleet.answers.js';
import type { Finding } from './lifecycle/lifecycle.events.js';
import type { MetricsSource } from './metrics/metrics.source.js';
import type { SweepSchedule, SweepVitals, VitalsSource } from './terminus/vitals.source.js';

/** What reporters read: the truth of the moment in which they ask. */
export class ConnectionHealthReports implements DiagnosticsSource, MetricsSource, VitalsSource {
  constructor(private readonly runtime: ConnectionHealthRuntime) {}

  get connectionCount(): number {
    return this.runtime.registry.size;
  }

  get isDraining(): boolean {
    return this.runtime.drain?.isDraining ?? false;
  }

  totals(): ReadonlyMap<string, ServerTally> {
    return this.runtime.tallies.totals();
  }

  identities(): ReadonlyMap<string, number> {
    const byName = new Map<string, number>();
    for (const [{ name }, count] of this.runtime.registry.identities())
      byName.set(name, (byName.get(name) ?? 0) + count);
    return byName;
  }

  findings(): Finding[] {
    return this.runtime.findings.list();
  }

  fleet(): FleetSize {
    return this.runtime.fleet.view.size();
  }

  snapshot(): DiagnosticsSnapshot {
    const { registry, awake, latencies, sweeper } = this.runtime;
    const census = takeWholeCensus(registry, awake);
    return diagnosticsOf({
      census,
      totals: this.totals(),
      identities: this.identities(),
      findings: this.findings(),
      latency: latencies.percentiles(),
      lastSweep: sweeper.lastReport,
      fleet: this.runtime.fleet.view.overview(census.all),
    });
  }

  /** This moment, in the shape of the history. */
  sample(): HistorySample {
    const { options, latencies } = this.runtime;
    const sum = new ServerTally();
    for (const tally of this.totals().values()) sum.add(tally);
    const latency = latencies.percentiles();
    return {
      at: options.clock.epoch(),
      active: sum.active,
      closing: sum.closing,
      identities: [...this.identities().values()].reduce((one, other) => one + other, 0),
      opened: sum.opened,
      closed: sum.closed,
      ghosts: sum.ghosts,
      spared: sum.sparedGhosts,
      latencyP50Ms: latency?.p50,
      latencyP99Ms: latency?.p99,
    };
  }

  history(): ReturnType<DiagnosticsSource['history']> {
    const { lastHour, lastDay } = this.runtime.history;
    return { lastHour, lastDay };
  }

  connections(filter: ConnectionFilter = {}): ConnectionSnapshot[] {
    const { photographer, awake } = this.runtime;
    const now = awake.toEpoch(awake.now());
    const facts = {
      after: this.placeOf(filter.after),
      idleMsOf: (connection: Connection) => now - awake.toEpoch(connection.lastActivityAt),
    };
    return selectConnections(this.candidates(filter), filter, facts).map((each) => photographer.take(each));
  }

  connection(id: string): ConnectionSnapshot | undefined {
    const connection = this.find(id);
    return connection === undefined ? undefined : this.runtime.photographer.take(connection);
  }

  /** The connection of an id, unless it is closed. */
  find(id: string): Connection | undefined {
    const { registry, photographer } = this.runtime;
    const sequence = photographer.sequenceOf(id);
    return sequence === undefined ? undefined : registry.get(sequence);
  }

  metrics(): ReturnType<DiagnosticsSource['metrics']> {
    return this.runtime.metrics?.exposition();
  }

  sweep(): SweepVitals {
    const { binder, sweeper, awake, isRunning } = this.runtime;
    const { lastEndedAt } = sweeper;
    const lastSweepMsAgo =
      lastEndedAt === undefined
        ? undefined
        : Math.round(awake.now() - lastEndedAt + awake.creditedSince(lastEndedAt));
    return {
      isRunning,
      lastSweepMsAgo,
      schedules: [...binder.servers()].flatMap((server) => this.scheduleOf(server)),
    };
  }

  private scheduleOf(server: WatchedServer): SweepSchedule[] {
    const { sweep } = server.settings;
    if (sweep === false) return [];
    const { awake, sweeper } = this.runtime;
    const now = awake.now();
    const { intervalMs, closeTimeoutMs } = sweep;
    // Awake time stands still with the timer that moves it: what nobody has observed yet counts.
    const sinceLastMs = now + awake.creditedSince(now) - (sweeper.endedAtFor(server) ?? now);
    return [{ intervalMs, closeTimeoutMs, overdueMs: Math.max(0, Math.round(sinceLastMs - intervalMs)) }];
  }

  private candidates({ identity }: ConnectionFilter): ConnectionWalk {
    const { registry } = this.runtime;
    return identity === undefined ? registry : walkOver(registry.withIdentity(identityOf(identity)));
  }

  private placeOf(after: string | undefined): number | undefined {
    if (after === undefined) return undefined;
    const sequence = this.runtime.photographer.sequenceOf(after);
    if (sequence !== undefined) return sequence;
    throw new ConnectionHealthArgumentError(
      'connections(): after',
      'the id of a connection of this process',
      after,
    );
  }
}
