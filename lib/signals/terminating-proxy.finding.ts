import type { Finding } from '../lifecycle/lifecycle.events.js';
import type { RecentGhosts } from './ghost.journal.js';
import { DO_NOT_RESTART, doubtfulInWords, FIND_THE_LAYER, rolloutStep } from './playbook.js';

/** So many ghosts, and this share of all of them: raised from the first on, kept from the second on. */
const LEAST = { raise: 5, keep: 3 };
const SHARE = { raise: 1 / 2, keep: 1 / 3 };

/** Whether something in between answers for clients that are gone. Pure. */
export function terminatingProxyFinding(facts: RecentGhosts, stands: boolean): Finding | undefined {
  const { timeouts, swept, spared, proxyAnswered, doubtful } = facts;
  const ghosts = timeouts + swept + spared;
  const level = stands ? 'keep' : 'raise';
  if (proxyAnswered < LEAST[level] || proxyAnswered < ghosts * SHARE[level]) return undefined;
  return {
    signal: 'ghosts_behind_terminating_proxy',
    // Of clients that have answered before, it is known that they speak heartbeats.
    severity: doubtful * 2 > proxyAnswered ? 'info' : 'warning',
    message: `${proxyAnswered} of ${ghosts} ghosts of the last 10 minutes${observedInWords(spared)} answered protocol pings, but no heartbeat: something in between answers for clients that are gone, a proxy that terminates WebSockets or a browser whose page is frozen${doubtfulInWords(doubtful)}`,
    next_step: `Check the proxy that terminates WebSockets (OpenResty with lua-resty-websocket, Kong): it must close its side to this app when its client goes, and needs timeouts of its own on both sides. ${FIND_THE_LAYER} ${DO_NOT_RESTART}${rolloutStep(doubtful)}`,
  };
}

function observedInWords(spared: number): string {
  return spared === 0 ? '' : ` (${spared} of them only observed, not closed)`;
}
