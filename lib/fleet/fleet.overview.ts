import { addEach } from './census.pass.js';
import type { FleetFinding, FleetNodeSnapshot, FleetOverview, LostNode } from './fleet.answers.js';
import type { FleetDirectory, FleetLoss } from './fleet.store.js';
import { decodeNote, nodeOf } from './node.reaper.js';
import { decodeSummary, type NodeSummary } from './node.summary.js';

/** A node whose lease runs, and its life. */
export interface LiveNode {
  readonly id: string;
  readonly life: string;
  readonly summary: NodeSummary;
}

/** Everybody in a directory. */
export interface Roll {
  readonly nodes: readonly LiveNode[];
  /** Whether somebody may be missing: a lease is over and nobody has reaped it yet, or a summary cannot be read. */
  readonly isPartial: boolean;
}

/** Calls the roll: who lives at this moment of the store's time. Of a node with two lives the later one counts. Pure. */
export function rollOf({ entries }: Pick<FleetDirectory, 'entries'>, now: number): Roll {
  const nodes = new Map<string, LiveNode>();
  let isPartial = false;
  for (const { life, expiresAt, summary: text } of entries) {
    const [id, summary] = [nodeOf(life), decodeSummary(text)];
    const isLive = expiresAt > now && summary !== undefined;
    if (!isLive || !summary.isComplete) isPartial = true;
    if (!isLive) continue;
    const known = nodes.get(id);
    if (known === undefined || known.summary.beatAt <= summary.beatAt) nodes.set(id, { id, life, summary });
  }
  return {
    nodes: [...nodes.values()].sort((one, other) => (one.id < other.id ? -1 : 1)),
    isPartial,
  };
}

/** Sums up. Pure. */
export function overviewOf(
  { nodes, isPartial }: Roll,
  facts: {
    readonly store: string;
    readonly selfId: string;
    readonly now: number;
    readonly losses: readonly FleetLoss[];
  },
): FleetOverview {
  const byAge = { '0-1h': 0, '1-6h': 0, '6-12h': 0, '12-24h': 0, '24h+': 0 };
  const byLastActivity = { active_last_60s: 0, 'idle_1-5min': 0, 'idle_5min+': 0 };
  for (const { summary } of nodes) {
    addEach(byAge, summary.byAge);
    addEach(byLastActivity, summary.byLastActivity);
  }
  return {
    store: facts.store,
    partial: isPartial,
    nodes: nodes.length,
    members: nodes.map((node) => memberOf(node, facts)),
    total_connections: nodes.reduce((sum, { summary }) => sum + summary.connections, 0),
    connections_by_age: byAge,
    connections_by_last_activity: byLastActivity,
    findings: findingsOf(nodes),
    lost: lostOf(facts.losses),
  };
}

function memberOf(
  { id, summary }: LiveNode,
  { selfId, now }: { readonly selfId: string; readonly now: number },
): FleetNodeSnapshot {
  return {
    id,
    name: summary.name,
    is_self: id === selfId,
    started_at: summary.startedAt,
    beat_ms_ago: Math.max(0, now - summary.beatAt),
    total_connections: summary.connections,
    closing: summary.closing,
    identities: summary.identities,
    connections_by_age: summary.byAge,
    connections_by_last_activity: summary.byLastActivity,
    overdue: summary.overdue,
    findings: summary.findings,
  };
}

function findingsOf(nodes: readonly LiveNode[]): FleetFinding[] {
  const found = new Map<string, FleetFinding>();
  for (const { id, summary } of nodes)
    for (const { signal, severity } of summary.findings) {
      const known = found.get(signal);
      const worst = known !== undefined && rank(known) < rank({ severity }) ? known.severity : severity;
      found.set(signal, { signal, severity: worst, nodes: [...(known?.nodes ?? []), id] });
    }
  return [...found.values()].sort((one, other) => rank(one) - rank(other));
}

function rank({ severity }: Pick<FleetFinding, 'severity'>): number {
  return ['critical', 'warning', 'info'].indexOf(severity);
}

function lostOf(losses: readonly FleetLoss[]): LostNode[] {
  return losses
    .flatMap(({ life, note: text }) => {
      const note = decodeNote(text);
      if (note === undefined) return [];
      const { name, at, connections, identities } = note;
      return [{ id: nodeOf(life), name, at, connections, identities }];
    })
    .sort((one, other) => other.at - one.at);
}
