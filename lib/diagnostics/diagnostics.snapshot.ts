import type { Census, CensusReport } from '../connection/connection.census.js';
import type { LatencyPercentiles } from '../heartbeat/latency.window.js';
import type { Finding, SweepReport } from '../lifecycle/lifecycle.events.js';

/** Aggregates over all connections, as plain data that is meant to be served as JSON. */
export interface DiagnosticsSnapshot {
  readonly total_connections: number;
  readonly connections_by_age: Census['byAge'];
  readonly connections_by_last_activity: Census['byLastActivity'];
  /** What is wrong at present, the worst first. */
  readonly findings: readonly Finding[];
  readonly gateways: Readonly<Record<string, GatewayDiagnostics>>;
  readonly heartbeat: {
    readonly sent_total: number;
    /** Absent before the first answer. */
    readonly latency_ms?: LatencyPercentiles;
  };
  readonly sweep: {
    /** Absent before the first sweep has ended. */
    readonly last?: Omit<SweepReport, 'connections'>;
  };
}

/** The same for the connections of one server. */
export interface GatewayDiagnostics {
  readonly total_connections: number;
  readonly closing: number;
  readonly connections_by_age: Census['byAge'];
  readonly connections_by_last_activity: Census['byLastActivity'];
}

/** Puts what was counted into the shape that is served. Pure. */
export function diagnosticsOf(counted: {
  readonly census: CensusReport;
  readonly findings: readonly Finding[];
  readonly heartbeatsSent: number;
  readonly latency: LatencyPercentiles | undefined;
  readonly lastSweep: SweepReport | undefined;
}): DiagnosticsSnapshot {
  const { all, byGateway } = counted.census;
  return {
    total_connections: all.total,
    connections_by_age: all.byAge,
    connections_by_last_activity: all.byLastActivity,
    findings: counted.findings,
    gateways: Object.fromEntries([...byGateway].map(([name, census]) => [name, gatewayOf(census)])),
    heartbeat: { sent_total: counted.heartbeatsSent, latency_ms: counted.latency },
    sweep: { last: withoutConnections(counted.lastSweep) },
  };
}

function gatewayOf(census: Census): GatewayDiagnostics {
  return {
    total_connections: census.total,
    closing: census.closing,
    connections_by_age: census.byAge,
    connections_by_last_activity: census.byLastActivity,
  };
}

function withoutConnections(report: SweepReport | undefined): Omit<SweepReport, 'connections'> | undefined {
  if (report === undefined) return undefined;
  const { connections: _connections, ...rest } = report;
  return rest;
}
