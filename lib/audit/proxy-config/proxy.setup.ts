import { parseArgs } from 'node:util';

import { UsageError } from '../command.js';
import { type Address, readListen, readUpstream } from './address.js';

/** Everything that a configuration is made of; checked, so that it can stand in one as it is. */
export interface ProxySetup {
  /** Requests whose path begins with it go to the backend. */
  readonly path: string;
  readonly upstream: Address;
  /** Without a host: all interfaces. */
  readonly listen: { readonly host?: string; readonly port: number };
  /** The heartbeat interval of the gateway, in milliseconds. */
  readonly intervalMs: number;
  /** How long a connection may be silent, and how long an old one lives on after a reload, in seconds. */
  readonly limitSeconds: number;
}

/** Milliseconds. Below a second the whole seconds that some proxies count in would be far off. */
const SHORTEST = 1_000;
const LONGEST = 3_600_000;

/**
 * Reads the options behind the name of the proxy.
 *
 * @returns the names that were given, and the setup
 * @throws UsageError for anything that cannot stand in a configuration
 */
export function readSetup(args: readonly string[]): {
  readonly names: readonly string[];
  readonly setup: ProxySetup;
} {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      path: { type: 'string', default: '/' },
      upstream: { type: 'string', default: '127.0.0.1:3000' },
      listen: { type: 'string', default: '8080' },
      interval: { type: 'string', default: '30s' },
    },
  });
  const intervalMs = readInterval(values.interval);
  return {
    names: positionals,
    setup: {
      path: readPath(values.path),
      upstream: readUpstream('--upstream', values.upstream),
      listen: readListen('--listen', values.listen),
      intervalMs,
      limitSeconds: limitFor(intervalMs),
    },
  };
}

/**
 * Two and a half intervals, in whole seconds: between two and three of them for every interval that is accepted.
 * One heartbeat may be late or lost without a cut; an interval equal to the limit would be a race. Pure.
 */
export function limitFor(intervalMs: number): number {
  return Math.round((2.5 * intervalMs) / 1_000);
}

function readInterval(text: string): number {
  const [, number, unit] = /^(\d{1,9})(ms|s|m)?$/.exec(text) ?? [];
  const factor = { ms: 1, s: 1_000, m: 60_000 }[unit ?? 'ms']!;
  const intervalMs = Number(number) * factor;
  if (number !== undefined && intervalMs >= SHORTEST && intervalMs <= LONGEST) return intervalMs;
  throw new UsageError(
    `--interval: expected the heartbeat interval between one second and one hour, in milliseconds (30000) ` +
      `or with its unit (30s, 2m), got ${JSON.stringify(text)}`,
  );
}

/** Letters, digits and `-._~` between slashes: nothing that any of the configurations gives a meaning. */
function readPath(text: string): string {
  const isPlain = text.length <= 1_024 && /^(?=\/)(\/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)*\/?$/.test(text);
  if (isPlain) return text;
  throw new UsageError(
    `--path: expected a path of letters, digits and -._~, as in /ws or /api/socket, got ${JSON.stringify(text)}`,
  );
}
