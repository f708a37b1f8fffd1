import type { TestApp } from './app.js';

/**
 * What a busy machine has taken from this process, which counts for no deadline (R2).
 *
 * @param askedAgainMs after a stall the overdue are asked once more: how long that may take
 */
export function stallAllowanceMs({ eventsOf }: Pick<TestApp, 'eventsOf'>, askedAgainMs: number): number {
  const stalls = eventsOf('stalled');
  return stalls.reduce((sum, { stalledMs }) => sum + stalledMs, stalls.length > 0 ? askedAgainMs : 0);
}
