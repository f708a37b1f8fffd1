import { type Command, type CommandIo, UsageError } from '../command.js';
import { apache } from './apache.js';
import { awsAlb } from './aws-alb.js';
import { caddy } from './caddy.js';
import { cloudflare } from './cloudflare.js';
import { envoy } from './envoy.js';
import { haproxy } from './haproxy.js';
import { nginx } from './nginx.js';
import { openresty } from './openresty.js';
import { readSetup, type ProxySetup } from './proxy.setup.js';
import { traefik } from './traefik.js';

/** Every proxy there is a configuration for. */
export const CONFIGURATIONS: Readonly<Record<string, (setup: ProxySetup) => string>> = {
  nginx,
  openresty,
  haproxy,
  apache,
  caddy,
  traefik,
  envoy,
  'aws-alb': awsAlb,
  cloudflare,
};

const NAMES = Object.keys(CONFIGURATIONS);

/** Prints a complete configuration for a proxy in front of a gateway. */
export const proxyConfigCommand: Command = {
  name: 'proxy-config',
  summary: 'prints a complete proxy configuration that fits the heartbeat',
  usage: `Usage: connection-health proxy-config <${NAMES.join('|')}> [options]

Prints a complete, commented configuration: idle limits of two and a half heartbeat intervals, upgrade headers,
X-Forwarded-For, and a bound for old connections after a reload. nginx, openresty, haproxy, apache and caddy are
started and tested as printed; what is not says "untested" in its first line.

  --path <path>          what the WebSocket's path begins with (default: /)
  --upstream <host:port> where the app listens (default: 127.0.0.1:3000)
  --listen <port|address:port>
                         where the proxy listens (default: 8080)
  --interval <time>      the heartbeat's interval, in milliseconds as in intervalMs, or with a unit: 30000, 30s, 2m
                         (default: 30s)

Example: connection-health proxy-config nginx --path /ws --interval 10s > nginx.conf`,

  async run(args: readonly string[], io: CommandIo): Promise<number> {
    const { names, setup } = readSetup(args);
    io.out(configurationFor(names)(setup).trimEnd());
    return 0;
  },
};

function configurationFor(names: readonly string[]): (setup: ProxySetup) => string {
  const [name, ...more] = names;
  const known = `expected one of ${NAMES.join(', ')}`;
  if (name === undefined) throw new UsageError(`For which proxy? ${known}`);
  if (more.length > 0)
    throw new UsageError(`proxy-config: ${known}, got ${names.length} names: ${names.join(', ')}`);
  // A plain object also answers to names such as "constructor".
  const configuration = Object.hasOwn(CONFIGURATIONS, name) ? CONFIGURATIONS[name] : undefined;
  if (configuration === undefined)
    throw new UsageError(`proxy-config: ${known}, got ${JSON.stringify(name)}`);
  return configuration;
}
