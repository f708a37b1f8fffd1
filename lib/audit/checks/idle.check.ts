import { AUDIT_LIMITS, type AuditFate } from '../../protocol/audit.messages.js';
import type { Path } from '../probe/path.js';
import type { Probe } from '../probe/probe.js';
import { IdleWatch } from './idle.watch.js';
import type { CutFact, IdleFact, IdleFacts } from './path.facts.js';

/** How often the checks that send something do so; a limit is found for sure where it is at least twice as long. */
const LEAST_MS = 200;
const MOST_MS = 5_000;
const PACES_IN_A_WATCH = 15;

type Traffic = (probe: Probe, everyMs: number) => (() => void) | undefined;

/** Who cuts connections on which little or nothing happens, and after how long. All kinds at the same time. */
export async function idleFacts(
  path: Path,
  idleMs: number,
  passed: (ms: number) => void,
): Promise<IdleFacts> {
  const everyMs = Math.round(Math.min(MOST_MS, Math.max(LEAST_MS, idleMs / PACES_IN_A_WATCH)));
  const watch = new IdleWatch({ idleMs, everyMs, passed });
  const isQuiet = { quietMs: Math.min(AUDIT_LIMITS.quietMs, Math.ceil(1.25 * idleMs) + 30_000) };
  const run = (traffic: Traffic, quiet?: Quiet): Promise<Idled> => idle(path, watch, everyMs, traffic, quiet);
  const [silent, clientPings, clientMessages, gatewayMessages, bothWays] = await Promise.all([
    run((probe) => watch.cutShortBy(probe), isQuiet),
    run((probe) => every(everyMs, () => probe.opened.socket.ping('', true, () => undefined)), isQuiet),
    run((probe) => every(everyMs, () => probe.sendBytes(1)), isQuiet),
    run(() => undefined, { ...isQuiet, dripEveryMs: everyMs }),
    run((probe) => every(everyMs, () => void probe.ask({ ask: 'echo' }))),
  ]);
  watch.end();
  const cuts = [silent.fact.client, silent.fact.gateway].filter((cut) => cut !== null);
  return {
    watchedMs: idleMs,
    silent: silent.fact,
    limitMs: cuts.length === 0 ? null : Math.min(...cuts.map(({ afterMs }) => afterMs)),
    everyMs,
    clientPings: clientPings.fact,
    clientMessages: clientMessages.fact,
    gatewayMessages: gatewayMessages.fact,
    bothWays: bothWays.fact,
    disturbances: silent.disturbances,
  };
}

interface Quiet {
  readonly quietMs: number;
  readonly dripEveryMs?: number;
}

interface Idled {
  readonly fact: IdleFact;
  readonly disturbances: number;
}

async function idle(
  path: Path,
  watch: IdleWatch,
  everyMs: number,
  traffic: Traffic,
  quiet?: Quiet,
): Promise<Idled> {
  const probe = await path.open();
  if (quiet !== undefined) {
    const { quietMs: ms, dripEveryMs } = quiet;
    await probe.ask({ ask: 'quiet', ms, ...(dripEveryMs === undefined ? {} : { dripEveryMs }) });
  }
  const startedAt = performance.now();
  const before = probe.strangers + probe.pings.length;
  const stop = traffic(probe, everyMs);
  await Promise.race([probe.ended, watch.over]);
  const { end } = probe;
  stop?.();
  // Where one side was cut, the other should hear of it.
  const { fate, at } = await path.endOf(probe, end === undefined ? 0 : path.target.waitMs);
  probe.kill();
  const client: CutFact | null =
    end === undefined ? null : { afterMs: Math.round(end.at - startedAt), code: end.code };
  return {
    fact: factOf(client, fate, at, startedAt),
    disturbances: probe.strangers + probe.pings.length - before,
  };
}

function factOf(client: CutFact | null, fate: AuditFate, at: number, startedAt: number): IdleFact {
  const gateway =
    fate.state === 'closed' ? { afterMs: Math.round(at - fate.agoMs - startedAt), code: fate.code } : null;
  const isGateway = fate.state === 'closed' && fate.by === 'gateway';
  return {
    client,
    gateway,
    by: client === null && gateway === null ? null : isGateway ? 'gateway' : 'between',
  };
}

function every(ms: number, run: () => void): () => void {
  const timer = setInterval(run, ms);
  return () => clearInterval(timer);
}
