import type { Finding } from '../lifecycle/lifecycle.events.js';
import { idleToleranceMs, knownIdleLimit, type IdleLimit } from '../protocol/idle.limits.js';
import type { Cut } from './cut.journal.js';
import { percent } from './playbook.js';

/** Cuts older than this say nothing of how it is set up now. */
export const CUT_SPAN_MS = 3_600_000;
/** No proxy is this impatient; what asks or talks every few seconds is cut at such ages by any accident. */
const LEAST_LIMIT_MS = 10_000;
/** Cuts in a cluster, their share of all, and the moments they must come from: to raise, and to keep. */
const LEAST = { raise: 10, keep: 5 };
const SHARE = { raise: 0.6, keep: 0.4 };
const MOMENTS = { raise: 5, keep: 3 };
/** At one moment everybody may be cut, and have been silent for equally long. */
const MOMENT_MS = 10_000;

/** Whether connections are cut at one age of silence, which is the idle limit of something in between. Pure. */
export function idleCutFinding(cuts: readonly Cut[], stands: boolean): Finding | undefined {
  const level = stands ? 'keep' : 'raise';
  const cluster = clusterOf(cuts);
  if (cluster.length < LEAST[level] || cluster.length < cuts.length * SHARE[level]) return undefined;
  if (momentsOf(cluster) < MOMENTS[level]) return undefined;
  const measuredMs = cluster[Math.floor(cluster.length / 2)]!.silentMs;
  const known = knownIdleLimit(measuredMs);
  const intervalMs = Math.floor((known?.ms ?? measuredMs) / 2000) * 1000;
  return {
    signal: 'idle_cut',
    severity: 'warning',
    message: `${cluster.length} of ${cuts.length} connections that ended without a close frame in the last hour (${percent(cluster.length / cuts.length)}) had been silent in both directions for ${seconds(measuredMs)} s: something in between cuts idle connections, with ${limitInWords(measuredMs, known)}`,
    next_step: `Set heartbeat.intervalMs (with heartbeat: false, protocolPing.intervalMs) to at most ${intervalMs}, half of that limit, so that no connection is idle for so long; or raise the limit there.`,
  };
}

/** The most cuts at about one age, by age. */
function clusterOf(cuts: readonly Cut[]): readonly Cut[] {
  const byAge = cuts
    .filter(({ silentMs }) => silentMs >= LEAST_LIMIT_MS)
    .sort((one, other) => one.silentMs - other.silentMs);
  let [from, to] = [0, 0];
  for (let [start, end] = [0, 0]; start < byAge.length; start++) {
    const { silentMs } = byAge[start]!;
    while (end < byAge.length && byAge[end]!.silentMs <= silentMs + idleToleranceMs(silentMs)) end++;
    if (end - start > to - from) [from, to] = [start, end];
  }
  return byAge.slice(from, to);
}

function momentsOf(cluster: readonly Cut[]): number {
  return new Set(cluster.map(({ at }) => Math.floor(at / MOMENT_MS))).size;
}

function limitInWords(measuredMs: number, known: IdleLimit | undefined): string {
  if (known === undefined) return `a limit of about ${seconds(measuredMs)} s`;
  return `a limit of ${known.ms / 1000} s: ${known.whose}`;
}

function seconds(ms: number): number {
  return Math.round(ms / 100) / 10;
}
