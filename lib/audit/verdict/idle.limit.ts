import type { PathFacts } from '../checks/path.facts.js';

/**
 * The idle limit as somebody will have set it, in milliseconds: what was measured is some milliseconds beside it.
 *
 * @returns `undefined` where none was found
 */
export function idleLimitOf({ idle: { limitMs } }: Pick<PathFacts, 'idle'>): number | undefined {
  if (limitMs === null) return undefined;
  const step = limitMs >= 10_000 ? 1_000 : 100;
  return Math.max(step, Math.round(limitMs / step) * step);
}
