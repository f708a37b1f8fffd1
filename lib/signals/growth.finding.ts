import type { AgedSample, HistorySample } from '../connection/connection.history.js';
import type { Finding } from '../lifecycle/lifecycle.events.js';
import type { LeakSettings } from './leak.settings.js';
import { DO_NOT_RESTART, FIND_THE_LAYER, SWEEP } from './playbook.js';

const MINUTE_MS = 60_000;
export const GROWTH_SPAN_MS = 60 * MINUTE_MS;
/** A shorter record than this shows nothing. */
const LEAST_SPAN_MS = 30 * MINUTE_MS;
/** A dip at the beginning of the record and a reconnect wave at its end look like growth, but not for so long. */
const DIP_MS = 10 * MINUTE_MS;
const WAVE_MS = 5 * MINUTE_MS;
/** A wave is known by its end: after a stall, when everybody has come back, there is nothing yet to tell it from growth. */
const LEAST_SAMPLES = 20;
/** Growth that goes on shows between the end of the one and the beginning of the other as well, nearly as fast. */
const STEADY = 0.8;

export interface GrowthFacts {
  /** Of the last hour, oldest first, without what came in the first hour after boot. */
  readonly samples: readonly AgedSample[];
  /** Share of the connections that say whose they are. */
  readonly identifiedShare: number;
}

/** Whether connections grow by themselves, and not with the people behind them. Pure. */
export function growthFinding(
  { samples, identifiedShare }: GrowthFacts,
  { growthPerHour, minSample }: LeakSettings,
  stands: boolean,
): Finding | undefined {
  const [oldest, newest] = [samples[0], samples.at(-1)];
  if (oldest === undefined || newest === undefined || oldest.ageMs < LEAST_SPAN_MS) return undefined;
  const limit = stands ? growthPerHour / 2 : growthPerHour;
  const isGrowing = newest.sample.active >= minSample && excessOf(oldest.sample, newest.sample) > limit;
  if (!isGrowing || lastingExcessOf(samples) <= limit * lastingShareOf(oldest)) return undefined;
  const isKnown = identifiedShare >= 0.5;
  return {
    signal: 'growth',
    severity: isKnown ? 'warning' : 'info',
    message: `${inWords(oldest, newest)}, limit ${growthPerHour} an hour: ${
      isKnown
        ? 'connections are opened and do not go'
        : 'connections that do not go, or a crowd that grows: most of them do not say whose they are'
    }`,
    next_step: isKnown
      ? `${FIND_THE_LAYER} See whether clients open a second connection without closing the first. ${SWEEP} ${DO_NOT_RESTART}`
      : `Give the option identify, so that people who come can be told from connections that do not go. ${FIND_THE_LAYER}`,
  };
}

/** From the highest in the time of a dip to the lowest in the time of a wave. */
function lastingExcessOf(samples: readonly AgedSample[]): number {
  const { ageMs: spanMs } = samples[0]!;
  const highest = samples
    .filter(({ ageMs }) => ageMs >= spanMs - DIP_MS)
    .reduce((one, other) => (other.sample.active > one.sample.active ? other : one));
  const excesses = samples
    .filter(({ ageMs }) => ageMs <= WAVE_MS)
    .map(({ sample }) => excessOf(highest.sample, sample));
  return excesses.length < LEAST_SAMPLES ? -Infinity : Math.min(...excesses);
}

/** What of a steady growth lies between the two. */
function lastingShareOf({ ageMs: spanMs }: AgedSample): number {
  return (STEADY * (spanMs - DIP_MS - WAVE_MS)) / spanMs;
}

/** Whoever has three tabs open brings three connections: identities explain as many as they had each. */
function excessOf(before: HistorySample, now: HistorySample): number {
  const each = before.identities === 0 ? 1 : Math.max(1, before.active / before.identities);
  return now.active - before.active - Math.max(0, now.identities - before.identities) * each;
}

function inWords({ ageMs, sample: before }: AgedSample, { sample: now }: AgedSample): string {
  const minutes = Math.round(ageMs / MINUTE_MS);
  const change = `${now.active - before.active} connections more than ${minutes} minutes ago (${before.active} → ${now.active})`;
  if (before.identities + now.identities === 0) return change;
  return `${change}, while their identities went from ${before.identities} to ${now.identities}, which leaves ${Math.round(excessOf(before, now))} unexplained`;
}
