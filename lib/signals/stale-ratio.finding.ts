import type { Finding } from '../lifecycle/lifecycle.events.js';
import type { HeadCount } from './head.count.js';
import type { LeakSettings } from './leak.settings.js';
import { DO_NOT_RESTART, doubtfulInWords, FIND_THE_LAYER, percent, rolloutStep, SWEEP } from './playbook.js';

/** Of the limit: a standing finding goes below it. */
const RELIEF = 0.8;
/** What lasts longer is proven. */
const PROVEN_AFTER_MS = 60_000;

type Limits = Pick<LeakSettings, 'staleRatio' | 'minSample'>;

export interface StaleFacts extends HeadCount {
  /** For how long {@link isProvable} has held. */
  readonly provableForMs: number;
}

/** Whether the silent are too many even without those who may only not speak heartbeats. Pure. */
export function isProvable({ total, silent, doubtful }: HeadCount, limits: Limits, stands: boolean): boolean {
  return isOver(silent - doubtful, total, limits, stands);
}

/** Whether most of what is counted as connected is gone. Pure. */
export function staleRatioFinding(facts: StaleFacts, limits: Limits, stands: boolean): Finding | undefined {
  const { total, silent, doubtful, provableForMs } = facts;
  if (!isOver(silent, total, limits, stands)) return undefined;
  const numbers = `${percent(silent / total)}, limit ${percent(limits.staleRatio)}`;
  return {
    signal: 'stale_ratio',
    severity: provableForMs > PROVEN_AFTER_MS ? 'critical' : 'warning',
    message: `${silent} of ${total} connections have given no evidence of life for 5 minutes or more (${numbers}): they take memory, file descriptors and presence for clients that are gone${doubtfulInWords(doubtful)}`,
    next_step: `${FIND_THE_LAYER} ${SWEEP} ${DO_NOT_RESTART}${rolloutStep(doubtful)}`,
  };
}

function isOver(silent: number, total: number, { staleRatio, minSample }: Limits, stands: boolean): boolean {
  const relief = stands ? RELIEF : 1;
  return total >= minSample * relief && silent > total * staleRatio * relief;
}
