import type { CloseFacts, DeathFact, FrameFact, IdleFact, PathFacts } from '../checks/path.facts.js';
import { bytes, seconds } from '../verdict/in.words.js';

/** One line of the table. */
export interface AuditRow {
  readonly label: string;
  readonly of: (facts: PathFacts) => string;
  /** Whether two ways that differ in it differ at all; times always do. */
  readonly isMeasured?: boolean;
}

const MADE_ANEW = 'another, made in between';

/** Everything that was found out, in the order of a connection's life. */
export const AUDIT_ROWS: readonly AuditRow[] = [
  {
    label: 'handshake at the gateway',
    of: ({ handshake: { isSame } }) =>
      isSame === null ? 'unknown' : isSame ? "the client's own" : MADE_ANEW,
  },
  { label: 'answered by', of: ({ handshake }) => handshake.server ?? '(does not say)' },
  { label: 'headers added', of: ({ handshake }) => listOf(handshake.headers && handshake.added) },
  { label: 'headers dropped', of: ({ handshake }) => listOf(handshake.headers && handshake.dropped) },
  { label: 'compression', of: ({ compression }) => compression.kind.replaceAll('_', ' ') },
  {
    label: 'protocol ping of the client',
    of: ({ controlFrames: { clientPing } }) => pingInWords(clientPing.arrives, clientPing.answeredBy),
  },
  {
    label: 'protocol ping of the gateway',
    of: ({ controlFrames: { gatewayPing } }) => pingInWords(gatewayPing.arrives, gatewayPing.answeredBy),
  },
  { label: 'client closes, with a code', of: ({ closing }) => closeInWords(closing.client) },
  { label: 'client closes, without', of: ({ closing }) => closeInWords(closing.clientBare) },
  { label: 'gateway closes, with a code', of: ({ closing }) => closeInWords(closing.gateway) },
  { label: 'gateway ends without a close', of: ({ closing }) => closeInWords(closing.gatewayTerminate) },
  { label: "client's process ends (FIN)", of: ({ death }) => deathInWords(death.fin) },
  { label: 'client resets (RST)', of: ({ death }) => deathInWords(death.rst) },
  { label: '…heard of after', of: ({ death }) => deathTimes(death.fin, death.rst), isMeasured: true },
  { label: 'silence', of: ({ idle }) => idleInWords(idle.silent, idle.watchedMs) },
  { label: 'client pings only', of: ({ idle }) => trafficInWords(idle.clientPings) },
  { label: 'client messages only', of: ({ idle }) => trafficInWords(idle.clientMessages) },
  { label: 'gateway messages only', of: ({ idle }) => trafficInWords(idle.gatewayMessages) },
  { label: 'messages both ways', of: ({ idle }) => trafficInWords(idle.bothWays) },
  { label: 'largest message to the gateway', of: ({ frames }) => frameInWords(frames.toGateway) },
  { label: 'largest message to the client', of: ({ frames }) => frameInWords(frames.toClient) },
  {
    label: 'round trip of a message',
    of: ({ roundTrip }) => millis(roundTrip.application),
    isMeasured: true,
  },
  {
    label: 'round trip of a client ping',
    of: ({ roundTrip }) => millis(roundTrip.clientPing),
    isMeasured: true,
  },
  {
    label: 'round trip of a gateway ping',
    of: ({ roundTrip }) => millis(roundTrip.gatewayPing),
    isMeasured: true,
  },
  { label: 'processes that answered', of: ({ nodes }) => String(nodes) },
  {
    label: 'used connections handed on',
    of: ({ handedOn }) => (handedOn === 0 ? 'none' : `${handedOn}`),
  },
];

function listOf(names: readonly string[] | null): string {
  if (names === null) return 'unknown';
  return names.length === 0 ? 'none' : names.join(', ');
}

function pingInWords(arrives: boolean, answeredBy: string): string {
  if (answeredBy === 'nobody') return arrives ? 'arrives, its answer is lost' : 'lost';
  if (answeredBy === 'proxy') return arrives ? 'arrives, and is answered in between' : 'answered in between';
  return `arrives, the ${answeredBy} answers`;
}

function closeInWords({ code, reason, passes }: CloseFacts): string {
  if (code === null) return 'never arrives';
  return passes ? `arrives as it was (${code})` : `arrives as ${code}${reason === '' ? '' : ` "${reason}"`}`;
}

function deathInWords(death: DeathFact | null): string {
  if (death === null) return 'not tried over TLS';
  return death.reaches ? `the gateway sees ${death.code}` : 'the gateway never hears of it';
}

function deathTimes(...deaths: readonly (DeathFact | null)[]): string {
  return deaths.map((death) => (death?.afterMs === undefined ? '–' : millis(death.afterMs))).join(', ');
}

function idleInWords(fact: IdleFact, watchedMs: number): string {
  const { client, gateway, by } = fact;
  if (by === null) return `not cut within ${seconds(watchedMs)}`;
  const sides = [
    ...(client === null ? ['client not told'] : [`client ${client.code}`]),
    ...(gateway === null ? ['gateway not told'] : [`gateway ${gateway.code}`]),
  ];
  const whose = by === 'gateway' ? 'by the gateway' : 'in between';
  return `cut after ${seconds((client ?? gateway)!.afterMs)} ${whose} (${sides.join(', ')})`;
}

function trafficInWords({ client, gateway }: IdleFact): string {
  const end = client ?? gateway;
  return end === null ? 'keep it alive' : `cut after ${seconds(end.afterMs)}`;
}

function frameInWords({ passed, failed }: FrameFact): string {
  return failed === null ? `${bytes(passed)} and perhaps more` : bytes(passed);
}

function millis(ms: number | null): string {
  return ms === null ? '–' : `${ms < 10 ? Math.round(ms * 10) / 10 : Math.round(ms)} ms`;
}
