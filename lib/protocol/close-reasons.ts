/** What a client should do after a close: come back at once, come back with growing pauses, or stay away. */
export type ReconnectAdvice = 'now' | 'backoff' | 'never';

/** One row of {@link CLOSE_REASONS}. */
export interface CloseReasonRow {
  /** The code of the close frame, RFC 6455 section 7.4. */
  readonly code: number;
  /** The text of the close frame, at most 123 bytes. */
  readonly text: string;
  /** What the client should do. */
  readonly reconnect: ReconnectAdvice;
}

/**
 * Every way a connection can end, in one table for server, client, metrics and docs.
 *
 * `clean` and `error` are never sent: they name ends that came from the other side.
 */
export const CLOSE_REASONS = {
  stale_sweep: { code: 4000, text: 'stale connection', reconnect: 'backoff' },
  timeout: { code: 4001, text: 'heartbeat timeout', reconnect: 'backoff' },
  backpressure: { code: 4002, text: 'reader too slow', reconnect: 'backoff' },
  evicted: { code: 4003, text: 'evicted', reconnect: 'never' },
  shutdown: { code: 1012, text: 'service restart', reconnect: 'backoff' },
  abuse: { code: 1008, text: 'policy violation', reconnect: 'never' },
  clean: { code: 1000, text: '', reconnect: 'never' },
  error: { code: 1006, text: '', reconnect: 'backoff' },
} as const satisfies Record<string, CloseReasonRow>;

/** Why a connection ended. */
export type CloseReason = keyof typeof CLOSE_REASONS;

/** The reasons for which we send a close frame ourselves; their codes can be changed by option. */
export type SentCloseReason = Exclude<CloseReason, 'clean' | 'error'>;

const CLEAN_CODES: ReadonlySet<number> = new Set([1000, 1001, 1005]);

/** Names the end of a connection that we did not close ourselves, from the code its socket reported. */
export function reasonForCode(code: number): 'clean' | 'error' {
  const appCode = code >= 3000 && code <= 4999;
  return CLEAN_CODES.has(code) || appCode ? 'clean' : 'error';
}

/** What {@link isSendableCode} accepts, in words. */
export const SENDABLE_CODES = 'a close code that may be sent (1000-1003, 1007-1014, 3000-4999)';

/** Whether a close frame may carry a code (RFC 6455 section 7.4 and the IANA registry). */
export function isSendableCode(code: unknown): code is number {
  if (!Number.isInteger(code)) return false;
  const number = code as number;
  const isRegistered = number >= 1000 && number <= 1014 && ![1004, 1005, 1006].includes(number);
  return isRegistered || (number >= 3000 && number <= 4999);
}
