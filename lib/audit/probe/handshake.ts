import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';

import { WebSocket } from 'ws';

import { AuditImpossibleError, type AuditTarget } from './audit.target.js';

/** Sent with each upgrade, to see whether strange headers pass. */
export const OWN_HEADERS = {
  'user-agent': 'nestjs-connection-health audit',
  'x-connection-health-audit': 'probe',
};

/** A WebSocket that is open, and what its handshake showed. */
export interface OpenSocket {
  readonly socket: WebSocket;
  /** The TCP or TLS connection. */
  readonly raw: Socket;
  /** Names in small letters. */
  readonly sentHeaders: readonly string[];
  readonly key: string | undefined;
  readonly answerHeaders: Readonly<Record<string, string>>;
}

/** What {@link WebSocket} calls back with besides its events. */
interface Handshake {
  sentHeaders: readonly string[];
  key: string | undefined;
  answer: IncomingMessage | undefined;
}

/**
 * Opens a WebSocket.
 *
 * @throws AuditImpossibleError that says who refused, and with what
 */
export function openSocket(target: AuditTarget): Promise<OpenSocket> {
  const handshake: Handshake = { sentHeaders: [], key: undefined, answer: undefined };
  const socket = new WebSocket(target.url, [...target.protocols], {
    headers: { ...OWN_HEADERS, ...target.headers },
    // Whether a ping is answered is ours to decide.
    autoPong: false,
    handshakeTimeout: Math.max(10_000, target.waitMs),
    ...(target.insecure ? { rejectUnauthorized: false } : {}),
    finishRequest: (request) => {
      handshake.sentHeaders = request.getHeaderNames();
      handshake.key = request.getHeader('sec-websocket-key') as string | undefined;
      request.end();
    },
  });
  socket.once('upgrade', (answer) => (handshake.answer = answer));
  return new Promise((resolve, reject) => {
    socket.once('open', () => resolve(openedAs(socket, handshake)));
    socket.once('unexpected-response', (request, answer) => {
      reject(refusal(target.url, answer));
      request.destroy();
    });
    // Stays, since one without a listener would end the process.
    socket.on('error', (error) => reject(unreachable(target.url, error)));
  });
}

function openedAs(socket: WebSocket, { sentHeaders, key, answer }: Handshake): OpenSocket {
  const answerHeaders = Object.fromEntries(
    Object.entries(answer?.headers ?? {}).map(([name, value]) => [name, String(value)]),
  );
  return { socket, raw: answer!.socket, sentHeaders, key, answerHeaders };
}

function refusal(url: string, { statusCode, statusMessage, headers }: IncomingMessage): AuditImpossibleError {
  const by = headers.server === undefined ? '' : ` by ${headers.server}`;
  const hint =
    statusCode === 401 || statusCode === 403
      ? ': give the credentials that it wants with --header'
      : [502, 503, 504].includes(statusCode ?? 0)
        ? ': the proxy does not reach the gateway, or the gateway is draining'
        : ': is this the path of a gateway, and does the proxy pass upgrades on?';
  return new AuditImpossibleError(
    'UPGRADE_REFUSED',
    `${url}: the upgrade was refused${by} with ${statusCode} ${statusMessage}${hint}`,
  );
}

function unreachable(
  url: string,
  error: Error & { code?: string; errors?: readonly Error[] },
): AuditImpossibleError {
  const { code, message, errors } = error;
  const told = message === '' ? (errors?.[0]?.message ?? code ?? 'unknown error') : message;
  const isCertificate = /CERT|SELF_SIGNED|UNABLE_TO_VERIFY/.test(code ?? '');
  const hint = isCertificate ? ' (--insecure takes any certificate)' : '';
  return new AuditImpossibleError('UNREACHABLE', `${url}: no WebSocket could be opened: ${told}${hint}`);
}
