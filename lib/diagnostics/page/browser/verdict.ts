import type { Finding, FindingSignal } from '../../../lifecycle/lifecycle.events.js';
import type { DiagnosticsSnapshot } from '../../diagnostics.snapshot.js';
import { count, counted, percent } from './words.js';

/** What the page says in one line, before anything else is read. */
export interface Verdict {
  readonly level: 'ok' | 'warning' | 'critical';
  readonly title: string;
  readonly detail: string;
  /** What it was drawn from; absent when healthy. */
  readonly signal?: FindingSignal;
}

/** Where several findings are equally severe, the first of these speaks: leaks before their causes, causes before noise. */
const TITLES: Readonly<Record<FindingSignal, string>> = {
  stale_ratio: 'Leak suspected',
  growth: 'Leak suspected: connections grow faster than their users',
  ghosts_behind_terminating_proxy: 'Ghosts: something in between answers for clients that are gone',
  ghost_rate: 'Leak suspected: clients keep vanishing',
  clients_do_not_answer: 'Blind: no client answers heartbeats',
  loop_overloaded: 'Overloaded: the event loop is blocked',
  idle_cut: 'Cut off: something closes idle connections',
  close_stuck: 'Stuck: closed sockets do not go away',
  registry_mismatch: 'Inconsistent: sockets and records disagree',
  backpressure: 'Slow readers: data waits to be sent',
  socket_errors: 'Network trouble: sockets fail',
  fleet_stale_records: 'Fleet: a node keeps stale connections',
  fleet_store_unreachable: 'Fleet: its store does not answer',
};

const ORDER = Object.keys(TITLES);

/** Draws it from the findings, which also decide about readiness and alerts: one truth, said in one more place. Pure. */
export function verdictOf(snapshot: DiagnosticsSnapshot): Verdict {
  const finding = worstOf(snapshot.findings);
  const detail = signsOfLife(snapshot);
  if (finding === undefined) return { level: 'ok', title: 'Healthy', detail };
  const { signal } = finding;
  return { level: levelOf(finding), title: titleOf(finding, snapshot), detail, signal };
}

function worstOf(findings: readonly Finding[]): Finding | undefined {
  return findings
    .filter(({ severity }) => severity !== 'info')
    .sort((one, other) => rank(one) - rank(other))[0];
}

function rank({ severity, signal }: Finding): number {
  const place = ORDER.includes(signal) ? ORDER.indexOf(signal) : ORDER.length;
  return severity === 'critical' ? place : place + ORDER.length + 1;
}

function levelOf({ severity }: Finding): Verdict['level'] {
  return severity === 'critical' ? 'critical' : 'warning';
}

function titleOf({ signal, severity }: Finding, snapshot: DiagnosticsSnapshot): string {
  if (signal !== 'stale_ratio') return TITLES[signal] ?? 'Needs attention';
  const silent = snapshot.connections_by_last_activity['idle_5min+'];
  const numbers = `${count(silent)} of ${counted(snapshot.total_connections, 'connection')} are stale`;
  return `${severity === 'critical' ? 'Leak' : TITLES.stale_ratio}: ${numbers}`;
}

function signsOfLife({ total_connections: total, connections_by_last_activity: idle }: DiagnosticsSnapshot) {
  if (total === 0) return 'Nobody is connected.';
  const { active_last_60s: active, 'idle_5min+': silent } = idle;
  if (silent === 0)
    return `${count(active)} of ${counted(total, 'connection')} gave a sign of life within the last minute.`;
  return `${percent(silent, total)} gave no sign of life for 5 minutes or longer; ${count(active)} did within the last minute.`;
}
