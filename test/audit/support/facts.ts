import type { IdleFact, PathFacts } from '../../../lib/audit/checks/path.facts.js';
import type { AuditedSettings } from '../../../lib/protocol/audit.messages.js';

export const KEPT: IdleFact = { client: null, gateway: null, by: null };

/** Cut on both sides by somebody in between. */
export function cutAfter(afterMs: number): IdleFact {
  return { client: { afterMs, code: 1006 }, gateway: { afterMs: afterMs + 1, code: 1006 }, by: 'between' };
}

export const DEFAULTS: AuditedSettings = {
  heartbeat: { intervalMs: 30_000, timeoutMs: 20_000, maxMissed: 1, enforce: 'always', codec: 'json' },
  protocolPing: { intervalMs: null },
  sweep: { intervalMs: 60_000, staleAfterMs: 90_000, mode: 'enforce' },
  proxyIdleTimeoutMs: null,
};

/** Protocol pings only. */
export const PINGS_ONLY: AuditedSettings = {
  ...DEFAULTS,
  heartbeat: null,
  protocolPing: { intervalMs: 30_000 },
};

/** Nothing is in between, and nothing is wrong. */
const GOOD: PathFacts = {
  url: 'ws://127.0.0.1:3000/',
  settings: DEFAULTS,
  handshake: { isSame: true, headers: ['host'], added: [], dropped: [], server: null },
  compression: { kind: 'none', client: '', gateway: '', offerArrives: true },
  controlFrames: {
    clientPing: { arrives: true, answeredBy: 'gateway' },
    gatewayPing: { arrives: true, answeredBy: 'client' },
  },
  roundTrip: { application: 1, clientPing: 1, gatewayPing: 1 },
  closing: {
    client: { code: 4900, reason: 'x', passes: true },
    clientBare: { code: 1005, reason: '', passes: true },
    gateway: { code: 4901, reason: 'x', passes: true },
    gatewayTerminate: { code: 1006, reason: '', passes: true },
  },
  death: {
    fin: { reaches: true, afterMs: 2, code: 1006 },
    rst: { reaches: true, afterMs: 2, code: 1006 },
  },
  frames: {
    toGateway: { passed: 1_048_576, failed: null },
    toClient: { passed: 1_048_576, failed: null },
    gatewayMaxPayload: 104_857_600,
  },
  idle: {
    watchedMs: 75_000,
    silent: KEPT,
    limitMs: null,
    everyMs: 5_000,
    clientPings: KEPT,
    clientMessages: KEPT,
    gatewayMessages: KEPT,
    bothWays: KEPT,
    disturbances: 0,
  },
  nodes: 1,
  handedOn: 0,
};

/** The facts of a good direct way, with some that differ. */
export function factsWith(different: Partial<PathFacts> = {}): PathFacts {
  return { ...GOOD, ...different };
}

/** A bridge that answers pings itself and is all right otherwise. */
export function bridgeWith(different: Partial<PathFacts> = {}): PathFacts {
  return factsWith({
    handshake: { ...GOOD.handshake, isSame: false, headers: ['x-forwarded-for'] },
    controlFrames: {
      clientPing: { arrives: false, answeredBy: 'proxy' },
      gatewayPing: { arrives: false, answeredBy: 'proxy' },
    },
    ...different,
  });
}

/** Silence is cut after so long. */
export function limited(limitMs: number): Pick<PathFacts, 'idle'> {
  return { idle: { ...GOOD.idle, silent: cutAfter(limitMs), limitMs } };
}
