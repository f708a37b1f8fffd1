import type { Finding } from '../lifecycle/lifecycle.events.js';
import type { RecentFailures } from './failure.journal.js';
import type { LeakSettings } from './leak.settings.js';
import { percent } from './playbook.js';
import { minutesOutsideBurst, sumOf } from './recent.counts.js';

/** Share of the ends that may be failures: a crowd of phones has some. */
const SHARE = 0.5;
const LEAST_MINUTES = 3;
/** One event, a proxy's restart for example, may fall into two minutes. */
const BURST_MINUTES = 2;
const MAX_TOLD = 4;

/** Whether connections keep breaking in TCP instead of being closed. Pure. */
export function socketErrorsFinding(
  facts: RecentFailures,
  { minSample }: Pick<LeakSettings, 'minSample'>,
  stands: boolean,
): Finding | undefined {
  const { ended, byCode, failedPerMinute } = facts;
  const failed = sumOf(failedPerMinute);
  const relief = stands ? 1 / 2 : 1;
  if (ended < minSample * relief || failed <= ended * SHARE * relief) return undefined;
  if (!stands && !isSustained(facts)) return undefined;
  const codes = byCode.slice(0, MAX_TOLD).map(([code, count]) => `${code} ${count}`);
  return {
    signal: 'socket_errors',
    severity: 'warning',
    message: `${failed} of ${ended} connections that ended by themselves in the last 10 minutes (${percent(failed / ended)}) failed in TCP: ${codes.join(', ')}; they were broken, not closed`,
    next_step:
      'Look into the logs of the next layer (proxy, load balancer, NAT) at the times of the socket_failed events: ECONNRESET and EPIPE come from a peer or a proxy that resets, because it restarts, is full or has forgotten the connection; ETIMEDOUT and EHOSTUNREACH from a network that loses packets.',
  };
}

function isSustained({ endedPerMinute, failedPerMinute }: RecentFailures): boolean {
  if (failedPerMinute.filter((count) => count > 0).length < LEAST_MINUTES) return false;
  const others = minutesOutsideBurst(failedPerMinute, BURST_MINUTES);
  const failed = sumOf(others.map((index) => failedPerMinute[index]!));
  const ended = sumOf(others.map((index) => endedPerMinute[index]!));
  // Without its worst minutes it is still the usual end.
  return failed > ended * SHARE;
}
