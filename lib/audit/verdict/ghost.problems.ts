import type { PathFacts } from '../checks/path.facts.js';
import { seconds } from './in.words.js';
import { judgementOf } from './traffic.js';
import type { Problem } from './verdict.js';

/** What keeps connections whose clients are gone. Critical: with the settings in force it will. */
export function ghostProblems(facts: PathFacts): Problem[] {
  return [...judgementProblems(facts), ...departureProblems(facts), ...poolProblems(facts)];
}

function judgementProblems(facts: PathFacts): Problem[] {
  const { settings, controlFrames, idle } = facts;
  const judgement = judgementOf(settings);
  const isAnsweredBetween = controlFrames.gatewayPing.answeredBy === 'proxy';
  if (judgement === 'heartbeats') return [];
  if (judgement === 'nobody') return [nobodyJudges(facts)];
  if (!isAnsweredBetween) return [];
  if (judgement === 'negotiated') {
    const message =
      'protocol pings are answered in between, so that clients which do not speak heartbeats (enforce: negotiated) are kept when they are gone';
    return [{ code: 'ghosts_negotiated', severity: 'warning', message }];
  }
  const until =
    idle.limitMs === null ? 'for ever' : 'as long as pings and their answers keep it from being idle';
  const message = `without heartbeats only protocol pings are asked, and these are answered in between: a client that vanishes stays ${until}`;
  return [{ code: 'ghosts_unjudged', severity: 'critical', message }];
}

function nobodyJudges({ settings, controlFrames, handshake }: PathFacts): Problem {
  const why =
    settings.heartbeat?.enforce === 'observe'
      ? 'heartbeats are only observed (enforce: observe)'
      : 'neither heartbeats nor protocol pings with an enforcing sweep are in force';
  const isHopeless = handshake.isSame === false || controlFrames.gatewayPing.answeredBy === 'proxy';
  const message = `${why}: nobody closes a client that vanished without a word${isHopeless ? ', and the connection to whoever is in between never fails' : ' until TCP gives up, which takes a quarter of an hour or longer'}`;
  return { code: 'ghosts_unjudged', severity: 'critical', message };
}

/** A departure that does not arrive makes a ghost of everybody; how long it lives is for the settings to say. */
function departureProblems({ settings, closing, death }: PathFacts): Problem[] {
  const lost = [
    ...(closing.client.code === null ? ['a close with a code'] : []),
    ...(closing.clientBare.code === null ? ['a close without a code'] : []),
    ...(death.fin.reaches ? [] : ['the end of its process (FIN)']),
    ...(death.rst === null || death.rst.reaches ? [] : ['a reset (RST)']),
  ];
  if (lost.length === 0) return [];
  const told = `the gateway does not hear of a client that leaves: ${lost.join(', ')}`;
  const { heartbeat } = settings;
  if (heartbeat !== null && judgementOf(settings) === 'heartbeats') {
    const boundMs = heartbeat.maxMissed * heartbeat.intervalMs + heartbeat.timeoutMs;
    const message = `${told}. Each is a ghost for up to ${seconds(boundMs)}, until its heartbeat is missed`;
    return [{ code: 'departures_lost', severity: 'warning', message }];
  }
  return [{ code: 'departures_lost', severity: 'critical', message: `${told}, and no heartbeat finds it` }];
}

/** A ghost that answers: another client's program does. */
function poolProblems({ handedOn }: PathFacts): Problem[] {
  if (handedOn === 0) return [];
  const message = `connections of clients that have left are handed to new ones, without a new upgrade (${handedOn} times in this audit): the gateway takes the next client for the last one, identity included. No setting helps; the proxy must not pool WebSockets`;
  return [{ code: 'connections_pooled', severity: 'critical', message }];
}
