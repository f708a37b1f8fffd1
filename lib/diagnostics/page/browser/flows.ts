import type { HistorySample } from '../../../connection/connection.history.js';
import type { Range, Series } from './sample.store.js';
import { keysOf, REASON_NAMES } from './words.js';

export type Reason = keyof typeof REASON_NAMES;

const MINUTE = 60_000;

/** How long the time is that one bar stands for. */
export const BUCKET_MS: Readonly<Record<Range, number>> = { hour: MINUTE, day: 15 * MINUTE };

/** How many came and went, and why, in equal pieces of time. */
export interface Flows {
  /** When each piece begins. */
  readonly at: readonly number[];
  readonly opened: readonly number[];
  readonly closed: Readonly<Record<Reason, readonly number[]>>;
}

/** Turns counts that only grow into what happened between them. Pure. */
export function flowsOf({ samples, from, to }: Series, range: Range): Flows {
  const width = BUCKET_MS[range];
  const first = Math.floor(from / width);
  const length = samples.length === 0 ? 0 : Math.floor(to / width) - first + 1;
  const zeros = (): number[] => Array.from({ length }, () => 0);
  const opened = zeros();
  const closed = Object.fromEntries(keysOf(REASON_NAMES).map((reason) => [reason, zeros()]));
  for (const [index, sample] of samples.entries()) {
    const before = samples[index - 1];
    const bucket = Math.floor(sample.at / width) - first;
    if (before === undefined || bucket < 0 || bucket >= length) continue;
    opened[bucket]! += growth(before.opened, sample.opened);
    for (const reason of keysOf(REASON_NAMES))
      closed[reason]![bucket]! += growth(closedAs(before, reason), closedAs(sample, reason));
  }
  const at = Array.from({ length }, (_, index) => (first + index) * width);
  return { at, opened, closed: closed as Record<Reason, number[]> };
}

function closedAs(sample: HistorySample, reason: Reason): number {
  return sample.closed[reason] ?? 0;
}

/** A count that has become smaller began anew, as Prometheus reads it. */
function growth(before: number, now: number): number {
  return now >= before ? now - before : now;
}
