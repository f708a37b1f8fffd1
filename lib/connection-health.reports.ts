import type { ConnectionHealthRuntime } from './connection-health.runtime.js';
import type { ConnectionFilter } from './connection/connection.commands.js';
import type { Connection } from './connection/connection.js';
import type { ConnectionSnapshot } from './connection/connection.snapshot.js';
import { identityOf } from './connection/identity.js';
import type { DiagnosticsSource } from './diagnostics/diagnostics.source.js';
import { takeCensus } from './connection/connection.census.js';
import type { HistorySample } from './connection/connection.history.js';
import { ServerTally } from './connection/server.tally.js';
import { diagnosticsOf, type DiagnosticsSnapshot } from './diagnostics/diagnostics.snapshot.js';
import type { Finding } from './lifecycle/lifecycle.events.js';
import type { MetricsSource } from './metrics/metrics.source.js';
import type { SweepVitals, VitalsSource } from './terminus/vitals.source.js';

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

  snapshot(): DiagnosticsSnapshot {
    const { registry, awake, latencies, sweeper } = this.runtime;
    return diagnosticsOf({
      census: takeCensus(registry, awake),
      totals: this.totals(),
      identities: this.identities(),
      findings: this.findings(),
      latency: latencies.percentiles(),
      lastSweep: sweeper.lastReport,
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
    const found: ConnectionSnapshot[] = [];
    const { limit = Infinity } = filter;
    for (const connection of this.candidates(filter)) {
      if (found.length >= limit) break;
      const snapshot = this.runtime.photographer.take(connection);
      if (fits(snapshot, filter)) found.push(snapshot);
    }
    return found;
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
    return undefined;
  }

  sweep(): SweepVitals {
    const { binder, sweeper, awake, isRunning } = this.runtime;
    const intervals = [...binder.servers()].flatMap(({ settings: { sweep } }) =>
      sweep === false ? [] : [sweep.intervalMs],
    );
    return {
      isWanted: intervals.length > 0,
      isRunning,
      overdueMs: sweeper.overdueMs(awake.now()),
      intervalMs: intervals.length === 0 ? undefined : Math.min(...intervals),
    };
  }

  private candidates({ identity }: ConnectionFilter): Iterable<Connection> {
    const { registry } = this.runtime;
    return identity === undefined ? registry : registry.withIdentity(identityOf(identity));
  }
}

function fits(snapshot: ConnectionSnapshot, { gateway, state, minIdleMs }: ConnectionFilter): boolean {
  if (gateway !== undefined && snapshot.gateway !== gateway) return false;
  if (state !== undefined && snapshot.state !== state) return false;
  return minIdleMs === undefined || snapshot.idleMs >= minIdleMs;
}
