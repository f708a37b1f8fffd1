import { parseArgs } from 'node:util';

import { UsageError } from '../command.js';
import { readCaddy } from './caddy.source.js';
import { readHaproxy } from './haproxy.source.js';
import { readNginx } from './nginx.source.js';
import { readLocalSockets, readSocketsFrom, type TablePorts } from './socket.table.js';
import type { Layer } from './source.js';

/** What the command was asked to compare. */
export interface LayersOptions {
  readonly gateways: readonly URL[];
  /** For the gateway only. */
  readonly headers: Readonly<Record<string, string>>;
  /** Each reads one layer; from the outermost to the innermost, as they were given. */
  readonly readers: readonly (() => Promise<Layer>)[];
  /** Connections; absent: the default of the comparison. */
  readonly tolerance?: number;
  readonly json: boolean;
  /** It can be read only once. */
  readonly isFromStandardInput: boolean;
}

const OPTIONS = {
  gateway: { type: 'string', multiple: true },
  nginx: { type: 'string', multiple: true },
  haproxy: { type: 'string', multiple: true },
  caddy: { type: 'string', multiple: true },
  sockets: { type: 'string' },
  'listen-port': { type: 'string' },
  'upstream-port': { type: 'string' },
  header: { type: 'string', multiple: true },
  tolerance: { type: 'string' },
  json: { type: 'boolean', default: false },
} as const;

const BY_URL: Readonly<Record<string, (url: URL) => Promise<Layer>>> = {
  nginx: readNginx,
  haproxy: readHaproxy,
  caddy: readCaddy,
};

/** @throws UsageError for arguments that cannot be used */
export function readLayersOptions(args: readonly string[]): LayersOptions {
  const { values, tokens } = parseArgs({ args: [...args], options: OPTIONS, tokens: true });
  const gateways = (values.gateway ?? []).map((text) => readUrl('--gateway', text));
  if (gateways.length === 0) {
    throw new UsageError(
      '--gateway: expected the address of the diagnostics, as in http://127.0.0.1:3000/connection-health',
    );
  }
  // The order of the layers is the order of the arguments.
  const readers = tokens.flatMap((token) => {
    if (token.kind !== 'option' || typeof token.value !== 'string') return [];
    return readerFor(token.name, token.value, values);
  });
  if (readers.length === 0) {
    throw new UsageError(
      'Compare with what? Expected at least one of --nginx, --haproxy, --caddy and --sockets',
    );
  }
  const { tolerance, json } = values;
  return {
    gateways,
    headers: headersOf(values.header ?? []),
    readers,
    ...(tolerance !== undefined && { tolerance: readCount('--tolerance', tolerance, 1e9) }),
    json,
    isFromStandardInput: values.sockets === '-',
  };
}

function readerFor(
  name: string,
  text: string,
  ports: { readonly 'listen-port'?: string; readonly 'upstream-port'?: string },
): (() => Promise<Layer>)[] {
  const read = BY_URL[name];
  if (read !== undefined) {
    const url = readUrl(`--${name}`, text);
    return [() => read(url)];
  }
  if (name !== 'sockets') return [];
  const table: TablePorts = {
    listenPort: readPort('--listen-port', ports['listen-port']),
    upstreamPort: readPort('--upstream-port', ports['upstream-port']),
  };
  return [() => (text === 'local' ? readLocalSockets(table) : readSocketsFrom(text, table))];
}

function readUrl(option: string, text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol === 'http:' || url?.protocol === 'https:') return url;
  throw new UsageError(
    `${option}: expected an address that begins with http:// or https://, got ${JSON.stringify(text)}`,
  );
}

function readPort(option: string, text: string | undefined): number {
  if (text === undefined) throw new UsageError(`--sockets needs ${option}, to know which sockets are meant`);
  const port = readCount(option, text, 65_535);
  if (port > 0) return port;
  throw new UsageError(`${option}: expected a port between 1 and 65535, got ${JSON.stringify(text)}`);
}

function readCount(option: string, text: string, most: number): number {
  const count = /^\d{1,10}$/.test(text) ? Number(text) : NaN;
  if (count <= most) return count;
  throw new UsageError(`${option}: expected a number between 0 and ${most}, got ${JSON.stringify(text)}`);
}

/** The value may be a secret: it is repeated nowhere. */
function headersOf(lines: readonly string[]): Record<string, string> {
  const headers = new Headers();
  for (const line of lines) {
    const colon = line.indexOf(':');
    try {
      headers.append(line.slice(0, Math.max(0, colon)).trim(), line.slice(colon + 1).trim());
    } catch {
      throw new UsageError("--header: expected 'Name: value', got something else");
    }
  }
  return Object.fromEntries(headers);
}
