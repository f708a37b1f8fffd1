import type { PathFacts } from '../checks/path.facts.js';
import { idleLimitOf } from './idle.limit.js';

/** Options of `ConnectionHealthModule` that fit a way. */
export interface FittingSettings {
  readonly heartbeat: { readonly intervalMs: number; readonly timeoutMs: number };
  /** `null` where no limit was found. */
  readonly proxyIdleTimeoutMs: number | null;
}

const DEFAULT_INTERVAL_MS = 30_000;
/** One beat may be late, and one may be lost. */
const BEATS_PER_LIMIT = 3;

/** The settings in force where they fit, and otherwise a third of the limit that was found. */
export function fittingSettings(facts: PathFacts): FittingSettings {
  const limitMs = idleLimitOf(facts);
  const { intervalMs, timeoutMs } = facts.settings.heartbeat ?? fittingFor(DEFAULT_INTERVAL_MS);
  const isFitting = limitMs === undefined || intervalMs <= limitMs / 2;
  return {
    heartbeat: isFitting ? { intervalMs, timeoutMs } : fittingFor(rounded(limitMs / BEATS_PER_LIMIT)),
    proxyIdleTimeoutMs: limitMs ?? null,
  };
}

function fittingFor(intervalMs: number): FittingSettings['heartbeat'] {
  return { intervalMs, timeoutMs: Math.round((intervalMs * 2) / 3) };
}

/** Down to a number that people would choose. */
function rounded(ms: number): number {
  const step = ms >= 10_000 ? 5_000 : ms >= 1_000 ? 500 : 50;
  return Math.max(50, Math.floor(ms / step) * step);
}
