import type { IncomingHttpHeaders } from 'node:http';

import { ConnectionHealthArgumentError } from '../connection-health.errors.js';

/** What Express' and Fastify's requests have in common, before any pipe of the app has touched it. */
export interface DiagnosticsRequest {
  readonly headers: IncomingHttpHeaders;
  readonly params?: unknown;
  readonly query?: unknown;
  readonly body?: unknown;
}

/**
 * One parameter of a query string or a path, as text.
 *
 * @throws ConnectionHealthArgumentError where it was given more than once, or as an object (`?limit[a]=1`)
 */
export function textOf(values: unknown, name: string): string | undefined {
  const given = Object(values) as Record<string, unknown>;
  const value = Object.hasOwn(given, name) ? given[name] : undefined;
  if (value === undefined || typeof value === 'string') return value;
  throw new ConnectionHealthArgumentError(name, 'one value', value);
}

/**
 * The body of a request, empty where there is none.
 *
 * An order that cannot be read is refused: taken for an empty one, a dry run in the wrong content type would be a real one.
 *
 * @throws ConnectionHealthArgumentError for what is no JSON object, or has keys that are not in `known`
 */
export function bodyOf({ headers, body }: DiagnosticsRequest, known: readonly string[]): object {
  if (hasContent(headers) && !isJson(headers))
    throw new ConnectionHealthArgumentError('content-type', 'application/json', headers['content-type']);
  if (!hasContent(headers) && (body === undefined || body === null)) return {};
  if (Object.prototype.toString.call(body) !== '[object Object]')
    throw new ConnectionHealthArgumentError('body', 'a JSON object, and an app that parses it', body);
  const stranger = Object.keys(body as object).find((key) => !known.includes(key));
  if (stranger === undefined) return body as object;
  throw new ConnectionHealthArgumentError('body', `the keys ${known.join(' and ')} only`, stranger);
}

/**
 * Refuses an order in the query string: not read there, a dry run would be a real one.
 *
 * @throws ConnectionHealthArgumentError
 */
export function refuseInQuery({ query }: DiagnosticsRequest, names: readonly string[]): void {
  const stray = names.find((name) => Object.hasOwn(Object(query) as object, name));
  if (stray !== undefined)
    throw new ConnectionHealthArgumentError(`query: ${stray}`, 'it in the JSON body', 'a query');
}

/**
 * Whether a page of another site has sent a request: with the cookies of whoever looks at it, it may pass the guards.
 *
 * Browsers say so themselves over HTTPS and to localhost (Fetch Metadata). Elsewhere they send at least the page's origin with
 * everything that changes state (Fetch, section 3.1). Who is no browser sends neither.
 */
export function isFromAnotherSite(headers: IncomingHttpHeaders): boolean {
  const site = headers['sec-fetch-site'];
  if (site !== undefined) return site === 'cross-site';
  const { origin, host = headers[':authority'] } = headers;
  if (origin === undefined) return false;
  // A proxy may have put a name of its own into `host`; the other header no page of another site can set.
  const ours = [host, ...String(headers['x-forwarded-host'] ?? '').split(',')];
  const theirs = hostnameOf(origin);
  return theirs === undefined || !ours.some((name) => hostnameOf(`http://${String(name).trim()}`) === theirs);
}

/** Without the port: cookies know none, and browsers call two ports of one host the same site. */
function hostnameOf(url: string): string | undefined {
  return URL.canParse(url) ? new URL(url).hostname : undefined;
}

function hasContent(headers: IncomingHttpHeaders): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

function isJson(headers: IncomingHttpHeaders): boolean {
  return /^application\/([\w.-]+\+)?json\s*(;|$)/i.test(headers['content-type'] ?? '');
}
