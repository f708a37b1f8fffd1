import { beatIntervalOf, type ConnectionSettings } from '../connection/connection.settings.js';
import type { Finding } from '../lifecycle/lifecycle.events.js';
import type { RecentGhosts } from './ghost.journal.js';
import type { LeakSettings } from './leak.settings.js';
import { DO_NOT_RESTART, doubtfulInWords, FIND_THE_LAYER, rolloutStep } from './playbook.js';
import { minutesOutsideBurst, perHour, sumOf } from './recent.counts.js';

/** Ghosts in fewer minutes than this are a burst. */
const LEAST_MINUTES = 3;
/** What one outage does may begin in the middle of a minute. */
const MINUTE_MS = 60_000;
/** A sweep that finds very many asks them once more (R7). */
const ONE_MORE_QUESTION_MS = 20_000;

export interface GhostRateFacts extends RecentGhosts {
  /** See {@link outageMsOf}. */
  readonly outageMs: number;
}

/** Whether ghosts keep coming, in all of the last ten minutes and not only from one outage in them. Pure. */
export function ghostRateFinding(
  facts: GhostRateFacts,
  { ghostsPerHour }: Pick<LeakSettings, 'ghostsPerHour'>,
  stands: boolean,
): Finding | undefined {
  const { timeouts, swept, spared, doubtful } = facts;
  const ghosts = timeouts + swept + spared;
  const limit = stands ? ghostsPerHour / 2 : ghostsPerHour;
  if (perHour(ghosts) <= limit) return undefined;
  if (!stands && !isSustained(facts, ghostsPerHour)) return undefined;
  return {
    signal: 'ghost_rate',
    severity: perHour(ghosts - doubtful) > limit ? 'warning' : 'info',
    message: `${inWords(facts)}: ${perHour(ghosts)} an hour, limit ${ghostsPerHour}. Clients keep vanishing without a close that reaches this app${doubtfulInWords(doubtful)}`,
    next_step: `Look at ws_ghost_connections_total by kind: silent ones lose their network, proxy_answered ones end at something in between. ${FIND_THE_LAYER} The sweep closes them; ${lower(DO_NOT_RESTART)}${rolloutStep(doubtful)}`,
  };
}

function isSustained({ perMinute, outageMs }: GhostRateFacts, ghostsPerHour: number): boolean {
  if (perMinute.filter((count) => count > 0).length < LEAST_MINUTES) return false;
  const burstMinutes = Math.ceil(outageMs / MINUTE_MS) + 1;
  const others = minutesOutsideBurst(perMinute, burstMinutes);
  const ratePerHour = (sumOf(others.map((index) => perMinute[index]!)) * 60) / Math.max(1, others.length);
  return ratePerHour > ghostsPerHour / 2;
}

function inWords({ timeouts, swept, spared }: GhostRateFacts): string {
  const closed = `${timeouts + swept} connections were closed in the last 10 minutes because their clients were gone (${timeouts} timeouts, ${swept} swept)`;
  return spared === 0 ? closed : `${closed}, and ${spared} would have been, but are only observed`;
}

function lower(sentence: string): string {
  return sentence[0]!.toLowerCase() + sentence.slice(1);
}

/** Over so long the deaths that one outage causes are spread: until all were asked, and all had time to answer. */
export function outageMsOf(settings: ConnectionSettings): number {
  const { heartbeat, sweep } = settings;
  const sweepMs = sweep === false ? 0 : sweep.intervalMs + ONE_MORE_QUESTION_MS;
  if (heartbeat === false) return (beatIntervalOf(settings) ?? 0) + sweepMs;
  const askedMs = heartbeat.intervalMs + heartbeat.timeoutMs;
  // Who has not shown that it speaks heartbeats is left to the sweep, and so goes later.
  return heartbeat.enforce !== 'negotiated' || sweep === false
    ? askedMs
    : askedMs + sweep.staleAfterMs + sweepMs;
}
