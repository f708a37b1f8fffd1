import { parseArgs } from 'node:util';

import { UsageError } from './command.js';
import { AUDIT_LIMITS } from '../protocol/audit.messages.js';

/** Where the token is looked for that is not given. */
export const TOKEN_VARIABLE = 'CONNECTION_HEALTH_AUDIT_TOKEN';

/** What the command line says. */
export interface AuditArguments {
  readonly url: string;
  readonly direct: string | undefined;
  readonly token: string;
  readonly json: boolean;
  readonly idleMs: number;
  readonly maxFrameBytes: number;
  readonly waitMs: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly protocols: readonly string[];
  readonly insecure: boolean;
}

const OPTIONS = {
  direct: { type: 'string' },
  token: { type: 'string' },
  json: { type: 'boolean', default: false },
  idle: { type: 'string', default: '75' },
  'max-frame': { type: 'string', default: String(1024 * 1024) },
  wait: { type: 'string', default: '3' },
  header: { type: 'string', multiple: true, default: [] as string[] },
  protocol: { type: 'string', multiple: true, default: [] as string[] },
  insecure: { type: 'boolean', default: false },
} as const;

/**
 * Reads the command line.
 *
 * @throws UsageError that names what was expected and what came; and what `parseArgs` throws for unknown options
 */
export function readArguments(
  args: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): AuditArguments {
  const { values, positionals } = parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true });
  const [url, ...more] = positionals;
  if (url === undefined || more.length > 0)
    throw new UsageError(`audit: expected one URL, got ${positionals.length}`);
  return {
    url: webSocketUrl('the URL', url),
    direct: values.direct === undefined ? undefined : webSocketUrl('--direct', values.direct),
    token: tokenOf(values.token, environment[TOKEN_VARIABLE]),
    json: values.json,
    idleMs: numberOf('--idle', values.idle, 0.5, 450) * 1_000,
    maxFrameBytes: Math.round(numberOf('--max-frame', values['max-frame'], 1024, AUDIT_LIMITS.frameBytes)),
    waitMs: numberOf('--wait', values.wait, 0.1, 30) * 1_000,
    headers: Object.fromEntries(values.header.map(headerOf)),
    protocols: values.protocol,
    insecure: values.insecure,
  };
}

function webSocketUrl(what: string, text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol === 'ws:' || url?.protocol === 'wss:') return text;
  throw new UsageError(`audit: expected ${what} to begin with ws:// or wss://, got ${JSON.stringify(text)}`);
}

/** Never shown, not even where it cannot be used. */
function tokenOf(given: string | undefined, fromEnvironment: string | undefined): string {
  const token = given ?? fromEnvironment;
  if (token !== undefined && /^[\x21-\x7e]{16,256}$/.test(token)) return token;
  const got = token === undefined ? 'none' : `one of ${token.length} characters`;
  throw new UsageError(
    `audit: expected the token of the gateway's option audit.token, 16 to 256 printable characters, in ${TOKEN_VARIABLE} or --token, got ${got}`,
  );
}

function numberOf(option: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (text.trim() !== '' && value >= least && value <= most) return value;
  throw new UsageError(
    `audit: expected ${option} to be a number from ${least} to ${most}, got ${JSON.stringify(text)}`,
  );
}

function headerOf(text: string): [string, string] {
  const [, name, value] = /^([\w!#$%&'*+.^`|~-]+):\s*(.*)$/.exec(text) ?? [];
  if (name !== undefined && value !== undefined) return [name, value];
  throw new UsageError('audit: expected --header to be "Name: value"');
}
