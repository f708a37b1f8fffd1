import { bracketed } from './address.js';
import { headline } from './headline.js';
import type { ProxySetup } from './proxy.setup.js';

const ABOUT = [
  'untested: no Traefik was at hand when this was written; it follows the documentation of Traefik 3.',
  'traefik.yml and, below the line of dashes, dynamic.yml',
];

/** Traefik 3: static and dynamic configuration in two YAML documents. */
export function traefik(setup: ProxySetup): string {
  const { path, upstream, listen, limitSeconds: limit } = setup;
  const address = listen.host === undefined ? `:${listen.port}` : bracketed({ ...listen, host: listen.host });
  return `${headline(setup, ABOUT)}

entryPoints:
  web:
    address: "${address}"
    transport:
      lifeCycle:
        # How long a stop waits for old connections; WebSockets count. A change of dynamic.yml ends none.
        graceTimeOut: ${limit}s
      respondingTimeouts:
        # These bound the upgrade request and waiting keep-alive connections. Traefik has no limit for an open
        # WebSocket, however silent it is (its issue 10627): the heartbeats of the gateway are the only end of a ghost.
        readTimeout: 60s
        idleTimeout: 180s

providers:
  file:
    filename: dynamic.yml
---
http:
  routers:
    websockets:
      rule: "PathPrefix(\`${path}\`)"
      entryPoints: [web]
      service: gateway
  services:
    gateway:
      loadBalancer:
        # Upgrade headers pass without being told to, and X-Forwarded-For and -Proto are set by itself.
        passHostHeader: true
        servers:
          - url: "http://${bracketed(upstream)}"
`;
}
