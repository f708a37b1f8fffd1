/** What to do about a leak, in the order in which to do it; findings say it as their next step. */

export const FIND_THE_LAYER =
  'Quantify: compare how many connections the load balancer, the proxy and this app (total_connections of its diagnostics) count; the leak is at the layer with the largest gap to the next.';

export const SWEEP =
  'Sweep: POST …/sweep beside the diagnostics with {"staleAfterMs":300000}, or service.sweep({ staleAfterMs: 300_000 }); with dryRun: true to see first whom it would close, with dryRun: false where the options only observe.';

export const DO_NOT_RESTART = 'Do not restart blindly: a restart hides the leak and drops the healthy, too.';

/** What a ghost that never answered a heartbeat may be instead of a ghost. */
export function doubtfulInWords(count: number): string {
  return count === 0
    ? ''
    : `; ${count} of them answer protocol pings and have never answered a heartbeat, which clients that do not speak heartbeats do as well`;
}

/** What to do for clients that do not speak heartbeats yet. */
export function rolloutStep(doubtful: number): string {
  return doubtful === 0
    ? ''
    : ' If your clients do not speak heartbeats yet, set heartbeat.enforce to "negotiated" until they do.';
}

/** A share of 0 to 1 for people. */
export function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}
