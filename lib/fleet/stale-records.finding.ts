import type { Finding } from '../lifecycle/lifecycle.events.js';
import type { NodeSummary } from './node.summary.js';

/** Activity that is so many times older than it should be is not told any more. */
const PATIENCE = 3;

/** A node that beats, as its summary tells it. */
export interface BeatingNode {
  readonly id: string;
  readonly summary: NodeSummary;
}

/** Nodes that beat, and keep connections which their own sweep should have closed. Pure. @returns the finding, if any */
export function staleRecordsFinding(nodes: readonly BeatingNode[], now: number): Finding | undefined {
  const told = nodes.flatMap((node) => troubleOf(node, now));
  if (told.length === 0) return undefined;
  return {
    signal: 'fleet_stale_records',
    severity: 'warning',
    message: `${told.join('; ')}: the node beats, so that its sweep is stuck, off, or only observes`,
    next_step:
      'Look at the sweep of the node named (its health check isAlive, its option sweep), or sweep there: POST …/sweep beside its diagnostics.',
  };
}

function troubleOf({ id, summary }: BeatingNode, now: number): string[] {
  const { name, overdue, activityAt, activityEveryMs, connections } = summary;
  const who = `${name} (${id})`;
  if (overdue > 0) return [`${who} keeps ${overdue} stale of ${connections} connections`];
  const silentMs = now - activityAt;
  if (connections === 0 || silentMs <= PATIENCE * activityEveryMs) return [];
  return [`${who} has not said for ${Math.round(silentMs / 1000)} s which of its connections live`];
}
