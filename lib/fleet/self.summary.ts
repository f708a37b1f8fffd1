import { hostname } from 'node:os';

import type { PassReport } from './census.pass.js';
import type { FleetSource } from './fleet.source.js';
import type { GatewayName, NodeSummary } from './node.summary.js';

/** Host and process. */
export function nodeName(): string {
  return `${hostname()}:${process.pid}`;
}

/** What this node says of itself. Pure but for its name. */
export function summaryOf(
  source: Pick<FleetSource, 'startedAt' | 'now' | 'identityCount' | 'findings'>,
  { census, overdue, staleSessions }: PassReport,
  facts: {
    readonly offsetMs: number;
    readonly isComplete: boolean;
    readonly gateways: readonly GatewayName[];
    readonly places: number;
    readonly activityAt: number;
    readonly activityEveryMs: number;
  },
): NodeSummary {
  const { offsetMs, ...rest } = facts;
  return {
    format: 1,
    name: nodeName(),
    startedAt: source.startedAt + offsetMs,
    beatAt: source.now() + offsetMs,
    connections: census.total,
    closing: census.closing,
    identities: source.identityCount(),
    byAge: census.byAge,
    byLastActivity: census.byLastActivity,
    findings: source.findings().map(({ signal, severity }) => ({ signal, severity })),
    overdue,
    staleSessions,
    ...rest,
  };
}
