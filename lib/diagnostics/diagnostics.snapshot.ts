import type { SweepReport } from '../connection/connection.commands.js';
import type { Census, CensusReport } from '../connection/connection.census.js';
import { ServerTally } from '../connection/server.tally.js';
import type { FleetOverview } from '../fleet/fleet.answers.js';
import type { LatencyPercentiles } from '../heartbeat/latency.window.js';
import type { Finding } from '../lifecycle/lifecycle.events.js';

/** Aggregates over all connections, as plain data that is meant to be served as JSON. Names no client. */
export interface DiagnosticsSnapshot {
  readonly total_connections: number;
  readonly connections_by_age: Census['byAge'];
  readonly connections_by_last_activity: Census['byLastActivity'];
  /** What is wrong at present, the worst first. */
  readonly findings: readonly Finding[];
  readonly gateways: Readonly<Record<string, GatewayDiagnostics>>;
  readonly heartbeat: {
    readonly sent_total: number;
    /** Connections closed as `timeout`. */
    readonly timeouts_total: number;
    /** Absent before the first answer. */
    readonly latency_ms?: LatencyPercentiles;
  };
  readonly sweep: {
    /** Connections closed as `stale_sweep`. */
    readonly swept_total: number;
    /** Absent before the first sweep has ended. */
    readonly last?: Omit<SweepReport, 'connections'>;
  };
  /** All nodes that share a store, as of the last beat; without a store, this process alone. */
  readonly fleet: FleetOverview;
}

/** The same for the connections of one server; what ends in `_total` counts from the start of the process. */
export interface GatewayDiagnostics {
  readonly total_connections: number;
  readonly closing: number;
  readonly identities: number;
  readonly backpressured: number;
  /** By what carries them: `ws`, or of Socket.IO `websocket`, `polling` or `webtransport`; nothing that carries none. */
  readonly connections_by_transport: Readonly<Partial<ServerTally['transports']>>;
  readonly connections_by_age: Census['byAge'];
  readonly connections_by_last_activity: Census['byLastActivity'];
  readonly opened_total: number;
  readonly closed_total: ServerTally['closed'];
  readonly ghosts_total: ServerTally['ghosts'];
  /** Would have been closed, but were only observed. */
  readonly spared_total: number;
  /** Of those, the ones that have neither recovered nor been closed as ghosts since. */
  readonly observed_ghosts: ServerTally['sparedGhosts'];
}

/** Puts what was counted into the shape that is served. Pure. */
export function diagnosticsOf(counted: {
  readonly census: CensusReport;
  readonly totals: ReadonlyMap<string, ServerTally>;
  readonly identities: ReadonlyMap<string, number>;
  readonly findings: readonly Finding[];
  readonly latency: LatencyPercentiles | undefined;
  readonly lastSweep: SweepReport | undefined;
  readonly fleet: FleetOverview;
}): DiagnosticsSnapshot {
  const { totals, identities } = counted;
  const { all, byGateway, none } = counted.census;
  const sum = new ServerTally();
  for (const tally of totals.values()) sum.add(tally);
  const gateways = [...totals].map(
    ([name, tally]) =>
      [name, gatewayOf(byGateway.get(name) ?? none, tally, identities.get(name) ?? 0)] as const,
  );
  return {
    total_connections: all.total,
    connections_by_age: all.byAge,
    connections_by_last_activity: all.byLastActivity,
    findings: counted.findings,
    gateways: Object.fromEntries(gateways),
    heartbeat: {
      sent_total: sum.heartbeatsSent,
      timeouts_total: sum.closed.timeout,
      latency_ms: counted.latency,
    },
    sweep: { swept_total: sum.closed.stale_sweep, last: withoutConnections(counted.lastSweep) },
    fleet: counted.fleet,
  };
}

function gatewayOf(census: Census, tally: ServerTally, identities: number): GatewayDiagnostics {
  return {
    total_connections: census.total,
    closing: census.closing,
    identities,
    backpressured: tally.backpressured,
    connections_by_transport: Object.fromEntries(
      Object.entries(tally.transports).filter(([, count]) => count > 0),
    ),
    connections_by_age: census.byAge,
    connections_by_last_activity: census.byLastActivity,
    opened_total: tally.opened,
    closed_total: tally.closed,
    ghosts_total: tally.ghosts,
    spared_total: tally.spared.timeout + tally.spared.stale_sweep,
    observed_ghosts: tally.sparedGhosts,
  };
}

function withoutConnections(report: SweepReport | undefined): Omit<SweepReport, 'connections'> | undefined {
  if (report === undefined) return undefined;
  const { connections: _connections, ...rest } = report;
  return rest;
}
