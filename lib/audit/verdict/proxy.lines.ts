import type { PathFacts } from '../checks/path.facts.js';
import { idleLimitOf } from './idle.limit.js';

/** What to change in one proxy. */
export interface ProxyLines {
  readonly proxy: string;
  readonly lines: readonly string[];
  /** Prints a whole configuration. */
  readonly command: string | null;
}

/** Limits should be so many intervals, and be no race. */
const INTERVALS_PER_LIMIT = 3;

/** The lines that set an idle limit of so many seconds. */
const LIMITS: Readonly<Record<string, (seconds: number) => readonly string[]>> = {
  nginx: (s) => [`proxy_read_timeout ${s}s;`, `proxy_send_timeout ${s}s;`],
  haproxy: (s) => [`timeout tunnel ${s}s`],
  apache: (s) => [`Timeout ${s}`, `ProxyTimeout ${s}   # the larger of the two counts`],
  'aws-alb': (s) => [
    `aws elbv2 modify-load-balancer-attributes … Key=idle_timeout.timeout_seconds,Value=${s}`,
  ],
  envoy: (s) => [`stream_idle_timeout: ${s}s   # of the HTTP connection manager`],
};

/** What `proxy-config` takes. */
const [SHORTEST_INTERVAL_MS, LONGEST_INTERVAL_MS] = [1_000, 3_600_000];

const COMMANDS = [
  'nginx',
  'openresty',
  'haproxy',
  'apache',
  'caddy',
  'traefik',
  'envoy',
  'aws-alb',
  'cloudflare',
];

/** What to change in what lies in between; empty where nothing has to be. Pure. */
export function proxyLines(facts: PathFacts, intervalMs: number): ProxyLines[] {
  return [...idleLines(facts, intervalMs), ...bridgeLines(facts, intervalMs)];
}

/** Where the limit leaves less than two of the intervals that the gateway is set to, it can be raised instead. */
function idleLines(facts: PathFacts, intervalMs: number): ProxyLines[] {
  const { idle, settings, handshake } = facts;
  const limitMs = idleLimitOf(facts);
  const wantedMs = Math.max(settings.heartbeat?.intervalMs ?? 0, intervalMs);
  if (limitMs === undefined || idle.silent.by !== 'between' || wantedMs <= limitMs / 2) return [];
  const seconds = Math.ceil((INTERVALS_PER_LIMIT * wantedMs) / 1_000);
  const known = candidates(handshake.server);
  return known.map((proxy) => ({
    proxy,
    lines: LIMITS[proxy]!(seconds),
    command: commandFor(proxy, wantedMs),
  }));
}

/** Who it says it is; where it says nothing, everybody whom a limit suits. */
function candidates(server: string | null): string[] {
  const names = Object.keys(LIMITS);
  const named = names.filter((name) => server?.toLowerCase().includes(name) === true);
  return named.length > 0 ? named : names;
}

/** What a bridge must do. */
function bridgeLines(
  { handshake, controlFrames, closing, death, handedOn }: PathFacts,
  intervalMs: number,
): ProxyLines[] {
  const isBridge = handshake.isSame === false;
  const lines = [
    ...(controlFrames.gatewayPing.answeredBy === 'client'
      ? []
      : ['forward ping and pong frames in both directions, with their payloads']),
    ...(closing.client.passes && closing.clientBare.passes && death.fin.reaches
      ? []
      : [
          "close the gateway's side when the client closes or is gone: send the close frame first, end the thread after",
        ]),
    ...(closing.gateway.passes ? [] : ["pass the gateway's close code and reason on to the client"]),
    ...(handedOn > 0 ? ['keep no WebSocket in a pool: one connection to the gateway for each client'] : []),
  ];
  if (!isBridge || lines.length === 0) return [];
  return [{ proxy: 'the bridge', lines, command: commandFor('openresty', intervalMs) }];
}

/** @param intervalMs of the heartbeat */
function commandFor(proxy: string, intervalMs: number): string | null {
  const interval = Math.min(Math.max(SHORTEST_INTERVAL_MS, Math.round(intervalMs)), LONGEST_INTERVAL_MS);
  return COMMANDS.includes(proxy)
    ? `npx connection-health proxy-config ${proxy} --interval ${interval}ms`
    : null;
}
