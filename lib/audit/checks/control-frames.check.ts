import { randomBytes } from 'node:crypto';

import type { Probe } from '../probe/probe.js';
import type { ControlFrameFacts, RoundTripFacts } from './path.facts.js';

const SAMPLES = 5;

/** What becomes of protocol pings. The client's nonce at the gateway, and the gateway's at the client, prove that they pass. */
export async function controlFrameFacts(probe: Probe, waitMs: number): Promise<ControlFrameFacts> {
  const clientPing = await clientPingFacts(probe, waitMs);
  const gatewayPing = await gatewayPingFacts(probe, waitMs);
  return { clientPing, gatewayPing };
}

/** Medians of some round trips, one after the other. */
export async function roundTripFacts(
  probe: Probe,
  control: ControlFrameFacts,
  waitMs: number,
): Promise<RoundTripFacts> {
  return {
    application: await median(async () => {
      const startedAt = performance.now();
      return (await probe.ask({ ask: 'echo' })) === undefined ? undefined : performance.now() - startedAt;
    }),
    clientPing: isAnswered(control.clientPing.answeredBy) ? await median(() => probe.ping(nonce())) : null,
    gatewayPing: isAnswered(control.gatewayPing.answeredBy)
      ? await median(() => gatewayPing(probe, nonce(), waitMs))
      : null,
  };
}

async function clientPingFacts(probe: Probe, waitMs: number): Promise<ControlFrameFacts['clientPing']> {
  const payload = nonce();
  const ms = await probe.ping(payload, waitMs);
  const answer = await probe.ask({ ask: 'saw', nonce: payload });
  const arrives = answer !== undefined && 'saw' in answer && answer.saw;
  return { arrives, answeredBy: ms === undefined ? 'nobody' : arrives ? 'gateway' : 'proxy' };
}

/** The client does not answer at first: a pong that comes all the same is somebody else's. */
async function gatewayPingFacts(probe: Probe, waitMs: number): Promise<ControlFrameFacts['gatewayPing']> {
  const [unanswered, answered] = [nonce(), nonce()];
  probe.answersPings = false;
  const strangersMs = await gatewayPing(probe, unanswered, waitMs);
  probe.answersPings = true;
  const arrives = probe.pings.includes(unanswered);
  if (strangersMs !== undefined) return { arrives, answeredBy: 'proxy' };
  const ownMs = arrives ? await gatewayPing(probe, answered, waitMs) : undefined;
  return { arrives, answeredBy: ownMs === undefined ? 'nobody' : 'client' };
}

/** Has the gateway send a protocol ping. @returns milliseconds until its pong came, or `undefined` */
async function gatewayPing(probe: Probe, payload: string, waitMs: number): Promise<number | undefined> {
  const answer = await probe.ask({ ask: 'ping', nonce: payload, waitMs }, 2 * waitMs + 1_000);
  return answer !== undefined && 'pong' in answer ? answer.ms : undefined;
}

async function median(sample: () => Promise<number | undefined>): Promise<number | null> {
  const samples: number[] = [];
  for (let taken = 0; taken < SAMPLES; taken++) {
    const ms = await sample();
    if (ms === undefined) return null;
    samples.push(ms);
  }
  const middle = samples.sort((one, other) => one - other)[SAMPLES >> 1]!;
  return Math.round(middle * 1_000) / 1_000;
}

function isAnswered(who: string): boolean {
  return who !== 'nobody';
}

function nonce(): string {
  return randomBytes(8).toString('hex');
}
