import type { ServerTally } from '../connection/server.tally.js';
import { CLOSE_REASONS, type CloseReason } from '../protocol/close-reasons.js';

/** Connections that were still open when their server ceased to be watched: nobody knows how they ended. */
export const UNWATCHED = 'unwatched';

/** How connections end, as metrics see it. */
export const END_REASONS: readonly (CloseReason | typeof UNWATCHED)[] = [
  ...(Object.keys(CLOSE_REASONS) as CloseReason[]),
  UNWATCHED,
];

/** Why connections would have been closed. */
export const SPARED_REASONS = ['timeout', 'stale_sweep'] as const satisfies (keyof ServerTally['spared'])[];

/** What still answered when a peer was gone. */
export const GHOST_KINDS = [
  'silent',
  'proxy_answered',
  'unknown',
] as const satisfies (keyof ServerTally['ghosts'])[];

/** What can carry a connection. */
export const TRANSPORT_KINDS = [
  'ws',
  'websocket',
  'polling',
  'webtransport',
  'other',
] as const satisfies (keyof ServerTally['transports'])[];

/** Codes of the system under which TCP connections fail. Whatever else a stream was destroyed with is `OTHER`. */
export const SOCKET_ERROR_CODES = [
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ECONNABORTED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENETDOWN',
  'ENOBUFS',
  'OTHER',
] as const;

/** What clients may say of why they were away. The words are theirs to choose, so that no other may become a label. */
export const LOSS_REASONS = [
  'dead_server',
  'drain',
  'offline',
  'connect_timeout',
  'closed',
  'error',
  'network_change',
  'frozen',
  'unknown',
  'other',
] as const;

const KNOWN_CODES: ReadonlySet<string> = new Set(SOCKET_ERROR_CODES);
const KNOWN_REASONS: ReadonlySet<string> = new Set(LOSS_REASONS);

/** One of {@link SOCKET_ERROR_CODES}. */
export function socketErrorCodeOf(code: string): string {
  return KNOWN_CODES.has(code) ? code : 'OTHER';
}

/** One of {@link LOSS_REASONS}. Who says nothing does not know. */
export function lossReasonOf(said: string | undefined): string {
  if (said === undefined || said === '') return 'unknown';
  return KNOWN_REASONS.has(said) ? said : 'other';
}
