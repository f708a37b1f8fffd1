import { ConnectionHealthArgumentError } from '../connection-health.errors.js';
import type { ConnectionFilter, DisconnectOptions } from '../connection/connection.commands.js';
import { bodyOf, textOf, type DiagnosticsRequest } from './diagnostics.request.js';

const DEFAULT_LIMIT = 50;
const MAX_LIMIT = 500;
/** More digits are no exact numbers any more. */
const MAX_DIGITS = 15;

/** A page of connections that was asked for. */
export type ConnectionPageQuery = ConnectionFilter & { readonly limit: number };

/**
 * Reads `?gateway= &state= &identity= &minIdleMs= &limit= &order= &after=`; what else is there may be for the guards. Pure.
 *
 * @throws ConnectionHealthArgumentError
 */
export function connectionPageOf(query: unknown): ConnectionPageQuery {
  return {
    gateway: textOf(query, 'gateway'),
    state: oneOf(query, 'state', ['open', 'closing']),
    identity: textOf(query, 'identity'),
    minIdleMs: wholeNumber(query, 'minIdleMs', 0, Infinity),
    limit: wholeNumber(query, 'limit', 1, MAX_LIMIT) ?? DEFAULT_LIMIT,
    order: oneOf(query, 'order', ['oldest', 'newest']),
    after: textOf(query, 'after'),
  };
}

/**
 * Reads `code` and `reason` from the query string, or from the body, which goes before it. Whether a close frame may carry
 * them is for others to say. Pure.
 *
 * @throws ConnectionHealthArgumentError
 */
export function disconnectOptionsOf(request: DiagnosticsRequest): DisconnectOptions {
  const code = wholeNumber(request.query, 'code', 1_000, 4_999);
  const reason = textOf(request.query, 'reason');
  return { code, reason, ...bodyOf(request, ['code', 'reason']) };
}

function oneOf<Choice extends string>(
  query: unknown,
  name: string,
  choices: readonly Choice[],
): Choice | undefined {
  const text = textOf(query, name);
  if (text === undefined || choices.includes(text as Choice)) return text as Choice | undefined;
  throw new ConnectionHealthArgumentError(name, choices.join(' or '), text);
}

function wholeNumber(query: unknown, name: string, from: number, to: number): number | undefined {
  const text = textOf(query, name);
  if (text === undefined) return undefined;
  const number = Number(text);
  if (/^\d+$/.test(text) && text.length <= MAX_DIGITS && number >= from && number <= to) return number;
  const range = to === Infinity ? `from ${from}` : `from ${from} to ${to}`;
  throw new ConnectionHealthArgumentError(name, `a whole number ${range}`, text);
}
