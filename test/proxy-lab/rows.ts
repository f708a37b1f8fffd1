import { existsSync } from 'node:fs';

import type { Behaviour, ProxyName } from './proxy.js';

/** One proxy of the lab and what is known of it. */
export interface LabRow {
  readonly name: ProxyName;
  /** Only bridges have several. */
  readonly behaviour?: Behaviour;
  /** It speaks WebSocket itself on both sides; otherwise it passes bytes. */
  readonly terminates: boolean;
  /** It answers the backend's protocol pings itself, also for a client that is gone. */
  readonly answersPings: boolean;
  /** In words, for people. */
  readonly does: string;
}

const transparent = { terminates: false, answersPings: false } as const;
const answering = { terminates: true, answersPings: true } as const;
const bridging = { terminates: true, answersPings: false } as const;

/** Every row of the lab. */
export const PROXIES: readonly LabRow[] = [
  { name: 'nginx', ...transparent, does: 'passes bytes (proxy_pass)' },
  { name: 'haproxy', ...transparent, does: 'passes bytes' },
  { name: 'caddy', ...transparent, does: 'passes bytes; a reload closes everybody' },
  { name: 'apache-http', ...transparent, does: 'passes bytes (mod_proxy_http, upgrade=websocket)' },
  { name: 'apache-wstunnel', ...transparent, does: 'passes bytes (mod_proxy_wstunnel), no idle limit' },
  { name: 'lua', behaviour: 'ok', ...answering, does: 'answers pings itself, passes closes on' },
  { name: 'lua', behaviour: 'ghost', ...answering, does: 'keeps the backend side when the client is gone' },
  { name: 'lua', behaviour: 'forward', ...bridging, does: 'passes pings, pongs and closes on' },
  { name: 'lua', behaviour: 'drop', ...bridging, does: 'swallows pings and pongs' },
  { name: 'lua', behaviour: 'idle', ...answering, does: 'gives up when either side is silent too long' },
  { name: 'lua', behaviour: 'pool', ...answering, does: 'gives a backend side to the next client' },
  { name: 'node', behaviour: 'ok', ...answering, does: 'answers pings itself, passes closes on' },
  { name: 'node', behaviour: 'ghost', ...answering, does: 'keeps the backend side when the client is gone' },
  { name: 'node', behaviour: 'forward', ...bridging, does: 'passes pings, pongs and closes on' },
];

const NGINX = '/usr/sbin/nginx';
const APACHE = ['/usr/sbin/apache2', '/usr/lib/apache2/modules/mod_proxy_wstunnel.so'];

/** What each proxy cannot do without, and Debian's packages put there. */
const NEEDED: Readonly<Record<ProxyName, readonly string[]>> = {
  nginx: [NGINX],
  haproxy: ['/usr/sbin/haproxy'],
  caddy: ['/usr/bin/caddy'],
  'apache-http': APACHE,
  'apache-wstunnel': APACHE,
  lua: [
    NGINX,
    '/usr/lib/nginx/modules/ndk_http_module.so',
    '/usr/lib/nginx/modules/ngx_http_lua_module.so',
    '/usr/share/lua/5.1/nginx/websocket/server.lua',
    '/usr/share/lua/5.1/resty/core.lua',
  ],
  node: [],
};

/** For `apt-get install`. */
export const PACKAGES =
  'nginx libnginx-mod-http-lua lua-nginx-websocket lua-resty-core haproxy caddy apache2';

/** Proxies whose Debian packages are not there. */
export function missingProxies(): ProxyName[] {
  return (Object.keys(NEEDED) as ProxyName[]).filter(
    (name) => !NEEDED[name].every((path) => existsSync(path)),
  );
}

/** `lua ghost`, for the names of tests and for tables. */
export function nameOf({ name, behaviour }: Pick<LabRow, 'name' | 'behaviour'>): string {
  return behaviour === undefined ? name : `${name} ${behaviour}`;
}
