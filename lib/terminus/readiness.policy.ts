import type { Finding, FindingSignal } from '../lifecycle/lifecycle.events.js';
import type { ReadinessLimits } from './readiness.thresholds.js';

/**
 * The findings that say that connections are kept which nobody uses. Only these move readiness: what else can be found
 * is nothing that another process would do better (its clients, its proxy or its load are the same), so that to take this
 * one out of rotation would only move the crowd to the next.
 */
const LEAKS: readonly FindingSignal[] = [
  'growth',
  'stale_ratio',
  'ghost_rate',
  'ghosts_behind_terminating_proxy',
];

/** What is known of the process at the moment of the question. */
export interface ReadinessFacts {
  readonly connections: number;
  readonly findings: readonly Finding[];
  /** Whether everybody is being sent away, or was. */
  readonly isDraining: boolean;
  /** Whether the app has begun to close. */
  readonly isClosing: boolean;
}

/** Why a process should get no new clients, or soon should not. */
export type ReadinessReason =
  'closing' | 'draining' | 'over_capacity' | 'leak' | 'suspected_leak' | 'near_capacity';

/** Whether a process should get new clients. */
export interface Readiness {
  readonly status: 'up' | 'degraded' | 'down';
  /** The grave ones first; empty where `up`. */
  readonly reasons: readonly ReadinessReason[];
}

/** Judges. Pure. */
export function judgeReadiness(facts: ReadinessFacts, limits: ReadinessLimits): Readiness {
  const { connections, isClosing, isDraining } = facts;
  const isFull = connections > limits.maxConnections;
  const isProven = hasLeak(facts, 'critical');
  const rows: readonly (readonly [boolean, ReadinessReason, 'down' | 'degraded'])[] = [
    [isClosing, 'closing', 'down'],
    [isDraining, 'draining', 'down'],
    [isFull, 'over_capacity', 'down'],
    [isProven, 'leak', limits.failOnLeak ? 'down' : 'degraded'],
    [!isProven && hasLeak(facts, 'warning'), 'suspected_leak', 'degraded'],
    [!isFull && connections > limits.degradedConnections, 'near_capacity', 'degraded'],
  ];
  const standing = rows.filter(([holds]) => holds);
  const isDown = standing.some(([, , status]) => status === 'down');
  const status = isDown ? 'down' : standing.length > 0 ? 'degraded' : 'up';
  return { status, reasons: standing.map(([, reason]) => reason) };
}

function hasLeak({ findings }: ReadinessFacts, severity: Finding['severity']): boolean {
  return findings.some((finding) => finding.severity === severity && LEAKS.includes(finding.signal));
}
