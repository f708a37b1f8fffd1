import type { IdleFact, PathFacts } from '../checks/path.facts.js';
import { seconds } from './in.words.js';
import { idleLimitOf } from './idle.limit.js';
import { knownFor } from './known.limits.js';
import { beatMsOf, judgementOf } from './traffic.js';
import type { Problem } from './verdict.js';

/** What makes healthy connections end. Critical: with the settings in force it will. */
export function idleProblems(facts: PathFacts): Problem[] {
  return [
    ...limitProblems(facts),
    ...unwatchedProblems(facts),
    ...bothWaysProblems(facts),
    ...oneWayProblems(facts),
    ...lostPingProblems(facts),
    ...disturbanceProblems(facts),
    ...toldLimitProblems(facts),
  ];
}

function limitProblems(facts: PathFacts): Problem[] {
  const limitMs = idleLimitOf(facts);
  if (limitMs === undefined) return [];
  const beatMs = beatMsOf(facts);
  const who = facts.idle.silent.by === 'gateway' ? 'the gateway (the app?)' : 'somebody in between';
  const known = knownFor(limitMs);
  const whose = known === undefined ? '' : `; ${known}`;
  const cut = `${who} ends a connection after ${seconds(limitMs)} of silence`;
  if (beatMs >= limitMs) {
    const sent =
      beatMs === Infinity
        ? 'nothing that the gateway sends by itself gets through'
        : `the gateway sends something only every ${seconds(beatMs)}`;
    return [{ code: 'idle_limit', severity: 'critical', message: `${cut}, and ${sent}${whose}` }];
  }
  if (beatMs <= limitMs / 2) return [];
  const message = `${cut}, and a heartbeat every ${seconds(beatMs)} leaves no room for one that is late${whose}`;
  return [{ code: 'idle_limit_tight', severity: 'warning', message }];
}

/** A limit below the interval of what is sent would not have shown. */
function unwatchedProblems(facts: PathFacts): Problem[] {
  const { limitMs, watchedMs } = facts.idle;
  const beatMs = beatMsOf(facts);
  if (limitMs !== null || beatMs === Infinity || beatMs < watchedMs) return [];
  const message = `idle connections were watched for ${seconds(watchedMs)}, and the gateway sends something only every ${seconds(beatMs)}: a limit in between was not looked for (--idle)`;
  return [{ code: 'idle_unwatched', severity: 'warning', message }];
}

/** Not even traffic both ways, more often than any heartbeat, keeps a connection. */
function bothWaysProblems({ idle }: PathFacts): Problem[] {
  const end = endMsOf(idle.bothWays);
  if (end === undefined) return [];
  const message = `a connection with messages both ways every ${seconds(idle.everyMs)} was ended after ${seconds(end)}: connections have a longest life here`;
  return [{ code: 'lifetime_limit', severity: 'warning', message }];
}

function oneWayProblems({ idle }: PathFacts): Problem[] {
  const { limitMs, everyMs, clientPings, clientMessages, gatewayMessages } = idle;
  if (limitMs === null) return [];
  if (limitMs < 2 * everyMs) {
    const message = `the limit is too short to tell what keeps a connection: a message every ${seconds(everyMs)} was tried`;
    return [{ code: 'one_way_unknown', severity: 'info', message }];
  }
  const cut = [
    ...(endMsOf(clientPings) === undefined ? [] : ['protocol pings of the client']),
    ...(endMsOf(clientMessages) === undefined ? [] : ['messages of the client']),
    ...(endMsOf(gatewayMessages) === undefined ? [] : ['messages of the gateway']),
  ];
  if (cut.length === 0) return [];
  const message = `${cut.join(', ')} alone do not keep a connection: each side has its own limit, and something must pass both ways, as a heartbeat and its answer do`;
  return [{ code: 'one_way_insufficient', severity: 'info', message }];
}

/** Whoever answers no protocol ping is closed; here nobody can. */
function lostPingProblems({ settings, controlFrames }: PathFacts): Problem[] {
  if (controlFrames.gatewayPing.answeredBy !== 'nobody') return [];
  const judgement = judgementOf(settings);
  if (judgement === 'protocol_pings') {
    const message = `protocol pings never reach the client, and without heartbeats the sweep closes whoever has been silent for ${seconds(settings.sweep!.staleAfterMs)}, the healthy included`;
    return [{ code: 'pings_lost', severity: 'critical', message }];
  }
  if (judgement !== 'negotiated') return [];
  const message =
    'protocol pings never reach the client, so that clients which do not speak heartbeats yet (enforce: negotiated) look dead';
  return [{ code: 'pings_lost', severity: 'critical', message }];
}

function disturbanceProblems({ idle }: PathFacts): Problem[] {
  if (idle.disturbances === 0) return [];
  const message = `${idle.disturbances} messages or pings that were none of the audit's arrived on the silent connection: somebody else sends them, and the true limit may be shorter`;
  return [{ code: 'not_silent', severity: 'warning', message }];
}

function toldLimitProblems(facts: PathFacts): Problem[] {
  const { proxyIdleTimeoutMs } = facts.settings;
  const limitMs = idleLimitOf(facts);
  if (proxyIdleTimeoutMs === null || limitMs === undefined || proxyIdleTimeoutMs <= limitMs * 1.1) return [];
  const message = `proxyIdleTimeoutMs says ${seconds(proxyIdleTimeoutMs)}, but the limit found is ${seconds(limitMs)}`;
  return [{ code: 'limit_differs', severity: 'warning', message }];
}

function endMsOf({ client, gateway }: IdleFact): number | undefined {
  return client?.afterMs ?? gateway?.afterMs;
}
