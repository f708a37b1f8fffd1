import type { ReconnectAdvice } from '../protocol/close-reasons.js';
import { backoffMs } from './backoff.js';
import type { EndReason } from './client.events.js';
import type { ResolvedClientOptions } from './client.options.resolver.js';

/** What is known when a connection, or the attempt at one, has ended. */
export interface LossFacts {
  readonly code: number;
  /** What the app says. */
  readonly said: ReconnectAdvice | undefined;
  /** When the server asked to come back, in milliseconds from now; `undefined` where it did not. */
  readonly returnInMs: number | undefined;
  /** Attempts that have failed, or ended too soon, in a row. */
  readonly failures: number;
}

/**
 * When to come back: the app has the first word, then the server, then the close code. Pure.
 *
 * @param random from 0 to 1
 * @returns milliseconds until the next attempt, or why there is none
 */
export function decideReturn(
  { code, said, returnInMs, failures }: LossFacts,
  { reconnect, maxRetries, backoff }: Pick<ResolvedClientOptions, 'reconnect' | 'maxRetries' | 'backoff'>,
  random: number,
): number | EndReason {
  const byServer = returnInMs === undefined ? adviceFor(code) : 'backoff';
  const advice = reconnect === false ? 'never' : (said ?? byServer);
  if (advice === 'never') return 'not_wanted';
  if (failures >= maxRetries) return 'max_retries';
  if (advice === 'backoff' && returnInMs! > 0) return returnInMs!;
  // At once, but not again and again.
  return advice === 'now' && failures === 0 ? 0 : backoffMs(failures, backoff, random);
}

/**
 * What to do after a close that nobody else has an opinion on. Pure.
 *
 * A plain close (1000, 1005) and a code of the app's own (3000-4999) were meant, and so was `abuse`; three of our server's
 * own codes and everything else were not. This is the column `reconnect` of `CLOSE_REASONS`, whose names and texts a page
 * need not load; a test holds the two together.
 */
export function adviceFor(code: number): ReconnectAdvice {
  const isComeBack = code >= 4000 && code <= 4002;
  return [1000, 1005, 1008].includes(code) || (code >= 3000 && !isComeBack) ? 'never' : 'backoff';
}
