import { isIPv4, isIPv6 } from 'node:net';

import { UsageError } from '../command.js';

/** Where something listens. */
export interface Address {
  /** An IPv4 address, an IPv6 address without brackets, or a name. */
  readonly host: string;
  readonly port: number;
}

/** A host name (RFC 1123) or what a container network calls a service, which may have an underscore. */
const NAME = /^(?=.{1,253}$)[A-Za-z0-9_]([A-Za-z0-9_-]{0,62})(\.[A-Za-z0-9_]([A-Za-z0-9_-]{0,62}))*$/;

/** Four numbers: what looks like an IPv4 address is one, or a mistake. */
const NUMBERS = /^[0-9.]+$/;

/**
 * Reads `host:port`.
 *
 * Nothing else gets through: the result stands in configurations, where a blank, a quote or a semicolon
 * would begin something new.
 *
 * @throws UsageError that names the option and what came
 */
export function readUpstream(option: string, text: string): Address {
  const [, host, port] = /^(.+):(\d{1,5})$/s.exec(text) ?? [];
  const parsed = host === undefined ? undefined : readHost(host);
  if (parsed === undefined) throw expected(option, 'host:port, as in 127.0.0.1:3000 or [::1]:3000', text);
  return { host: parsed, port: readPort(option, port!, text) };
}

/**
 * Reads a port, or `address:port`; a name is none, since proxies listen on addresses.
 *
 * @returns without a host where all interfaces are meant
 * @throws UsageError that names the option and what came
 */
export function readListen(option: string, text: string): { readonly host?: string; readonly port: number } {
  if (/^\d{1,5}$/.test(text)) return { port: readPort(option, text, text) };
  const [, host, port] = /^(.+):(\d{1,5})$/s.exec(text) ?? [];
  const parsed = host === undefined ? undefined : readHost(host);
  if (parsed === undefined || (!isIPv4(parsed) && !isIPv6(parsed))) {
    throw expected(option, 'a port or address:port, as in 8080 or 127.0.0.1:8080', text);
  }
  return { host: parsed, port: readPort(option, port!, text) };
}

/** As URLs and most configurations write it: an IPv6 address in brackets. */
export function bracketed({ host, port }: Address): string {
  return isIPv6(host) ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Whether the host is a name that somebody has to look up. */
export function isName({ host }: Address): boolean {
  return !isIPv4(host) && !isIPv6(host);
}

function readHost(text: string): string | undefined {
  const inBrackets = /^\[([0-9A-Fa-f:.]+)\]$/.exec(text)?.[1];
  if (inBrackets !== undefined) return isIPv6(inBrackets) ? inBrackets : undefined;
  if (NUMBERS.test(text)) return isIPv4(text) ? text : undefined;
  return NAME.test(text) ? text : undefined;
}

function readPort(option: string, digits: string, text: string): number {
  const port = Number(digits);
  if (port < 1 || port > 65_535) throw expected(option, 'a port between 1 and 65535', text);
  return port;
}

function expected(option: string, what: string, text: string): UsageError {
  return new UsageError(`${option}: expected ${what}, got ${JSON.stringify(text)}`);
}
