import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';

/** What stands between the clients and the gateway, or the proxy part of it that could be looked into. */
export interface Layer {
  /** `nginx`, `haproxy`, `caddy` or `the proxy`. */
  readonly name: string;
  /** Where the numbers come from, without credentials. */
  readonly source: string;
  /** Open connections from clients; absent where the source does not tell. */
  readonly clients?: number;
  /** Open connections to the backend; absent where the source does not tell. */
  readonly backend?: number;
  /** Connections whose client has already left, and that the proxy has not closed; not part of `clients`. */
  readonly clientsGone?: number;
  /** What has to be known to read the numbers. */
  readonly notes: readonly string[];
}

/** A source of numbers could not be read. The message names it and what came instead. */
export class SourceError extends Error {
  override readonly name = 'SourceError';
}

/** What is asked for, and how. */
export interface TextRequest {
  /** What should come, for the message of the error. */
  readonly what: string;
  readonly url: URL;
  readonly headers?: Readonly<Record<string, string>>;
}

const WITHIN_MS = 10_000;
/** Characters of thousands of HAProxy servers, or of Caddy's metrics with as many upstreams. */
const MAX_BYTES = 16 * 1024 * 1024;

/**
 * Gets a text by HTTP, within ten seconds and at most 16 MiB of it. Not by `fetch`, which refuses some ports that
 * statistics are served on (10080 for one), and keeps connections open, which would then be in the table of sockets.
 *
 * @throws SourceError that names the address and what came
 */
export async function readText({ what, url, headers = {} }: TextRequest): Promise<string> {
  const fail = (came: string): SourceError => new SourceError(`${plain(url)}: expected ${what}, got ${came}`);
  const signal = AbortSignal.timeout(WITHIN_MS);
  try {
    const response = await answerOf(url, headers, signal);
    if (response.statusCode !== 200) {
      response.destroy();
      throw fail(refusalOf(response));
    }
    const text = await boundedText(response);
    if (text === undefined) throw fail(`more than ${MAX_BYTES} bytes`);
    return text;
  } catch (error) {
    if (error instanceof SourceError) throw error;
    throw fail(signal.aborted ? `no answer within ${WITHIN_MS / 1_000} s` : reasonOf(error));
  }
}

/** The address for people and logs: without credentials, and without the query, which may be one. */
export function plain(url: URL): string {
  return `${url.protocol}//${url.host}${url.pathname}${url.search === '' ? '' : '?…'}`;
}

/** The names behind the `#` of an address, which is never sent: only those are to be counted. None: all. */
export function chosenIn({ hash }: URL): ReadonlySet<string> | undefined {
  const names = decodeURIComponent(hash.slice(1))
    .split(',')
    .filter((name) => name !== '');
  return names.length === 0 ? undefined : new Set(names);
}

/** The beginning of what came instead, for the message of an error. */
export function excerpt(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text);
}

function answerOf(
  url: URL,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const request = url.protocol === 'https:' ? httpsRequest : httpRequest;
  const bare = new URL(url);
  bare.username = '';
  bare.password = '';
  return new Promise((resolve, reject) => {
    request(bare, { agent: false, headers: { ...credentialsOf(url), ...headers }, signal }, resolve)
      .on('error', reject)
      .end();
  });
}

/** HAProxy's statistics are usually given with them. */
function credentialsOf({ username, password }: URL): Record<string, string> {
  if (username === '' && password === '') return {};
  const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { authorization: `Basic ${Buffer.from(pair).toString('base64')}` };
}

/** A redirect is not followed: it usually leads to a page for people to log in. */
function refusalOf({ statusCode, headers }: IncomingMessage): string {
  const { location: to } = headers;
  const hint = statusCode === 401 || statusCode === 403 ? ' (does it want a password or a token?)' : '';
  return `HTTP status ${statusCode}${hint}${to === undefined ? '' : `, a redirect to ${excerpt(to)}`}`;
}

/** @returns nothing where there is too much of it */
async function boundedText(response: IncomingMessage): Promise<string | undefined> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.byteLength;
    if (bytes > MAX_BYTES) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** Where several addresses were tried, only the code says anything. */
function reasonOf(error: unknown): string {
  const { message, code } = error as Partial<NodeJS.ErrnoException>;
  return message || code || String(error);
}
