import type { CloseFacts, PathFacts } from '../checks/path.facts.js';
import { bytes } from './in.words.js';
import type { Problem } from './verdict.js';

/** What does not pass as it was sent. Nothing of it loses connections or keeps ghosts. */
export function passageProblems(facts: PathFacts): Problem[] {
  return [
    ...closeProblems(facts),
    ...frameProblems(facts),
    ...compressionProblems(facts),
    ...headerProblems(facts),
  ];
}

function closeProblems({ closing }: PathFacts): Problem[] {
  const { client, clientBare, gateway, gatewayTerminate } = closing;
  return [
    ...(gateway.passes
      ? []
      : [
          {
            code: 'gateway_close_changed',
            severity: 'warning',
            message: `a close of the gateway ${arrival(gateway, 'client')}: clients do not learn why, nor whether to come back`,
          } as const,
        ]),
    ...[client, clientBare]
      .filter(({ passes, code }) => !passes && code !== null)
      .map(
        (close) =>
          ({
            code: 'client_close_changed',
            severity: 'warning',
            message: `a close of the client ${arrival(close, 'gateway')}: clean ends look like errors, or the other way round`,
          }) as const,
      ),
    ...(gatewayTerminate.code === null
      ? [
          {
            code: 'gateway_end_lost',
            severity: 'warning',
            message: 'the client does not hear that the gateway has gone: it must notice by itself',
          } as const,
        ]
      : []),
  ];
}

function arrival({ code, reason }: CloseFacts, at: string): string {
  return code === null
    ? `does not reach the ${at}`
    : `reaches the ${at} as ${code}${reason === '' ? '' : ` "${reason}"`}`;
}

function frameProblems({ frames }: PathFacts): Problem[] {
  const { toGateway, toClient, gatewayMaxPayload } = frames;
  const limits = [
    ...(toGateway.failed === null ? [] : [`${bytes(toGateway.passed)} to the gateway`]),
    ...(toClient.failed === null ? [] : [`${bytes(toClient.passed)} to the client`]),
  ];
  if (limits.length === 0) return [];
  const own = gatewayMaxPayload === null ? '' : ` (the gateway itself takes ${bytes(gatewayMaxPayload)})`;
  const message = `larger messages than ${limits.join(' and ')} do not pass${own}`;
  return [{ code: 'frame_limit', severity: 'warning', message }];
}

function compressionProblems({ compression, frames: _frames }: PathFacts): Problem[] {
  const { kind, client, gateway, offerArrives } = compression;
  if (kind === 'hop_by_hop') {
    const legs =
      client === ''
        ? 'only towards the gateway'
        : gateway === ''
          ? 'only towards the client'
          : 'anew on each side';
    return [{ code: 'compression_hop_by_hop', severity: 'info', message: `messages are compressed ${legs}` }];
  }
  if (kind === 'end_to_end' || offerArrives !== false) return [];
  const message = "the client's offer to compress messages does not reach the gateway";
  return [{ code: 'compression_dropped', severity: 'info', message }];
}

/** Who the client is, as proxies tell it. */
const ADDRESS_HEADERS = ['x-forwarded-for', 'forwarded', 'x-real-ip', 'cf-connecting-ip', 'true-client-ip'];

function headerProblems({ handshake }: PathFacts): Problem[] {
  const { headers, isSame } = handshake;
  // On a direct way nobody would add one.
  if (headers === null || isSame !== false || headers.some((name) => ADDRESS_HEADERS.includes(name)))
    return [];
  const message = "no header names the client's address (X-Forwarded-For): everybody has that of the proxy";
  return [{ code: 'address_hidden', severity: 'info', message }];
}
