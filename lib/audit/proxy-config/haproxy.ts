import { bracketed } from './address.js';
import { headline, wholeSeconds } from './headline.js';
import type { ProxySetup } from './proxy.setup.js';

/** HAProxy, 2.4 or newer, as a byte-transparent proxy. */
export function haproxy(setup: ProxySetup): string {
  const { path, upstream, listen, intervalMs, limitSeconds: limit } = setup;
  const idle = wholeSeconds(intervalMs);
  const address =
    listen.host === undefined ? '*' : bracketed({ ...listen, host: listen.host }).replace(/:\d+$/, '');
  return `${headline(setup, ['haproxy.cfg; check it with haproxy -c -f haproxy.cfg'])}

global
    # A reload keeps the old process for as long as one of its connections lives; a ghost would keep it for ever.
    hard-stop-after ${limit}s

defaults
    mode http
    timeout connect 5s
    # For the upgrade request and its answer.
    timeout http-request 10s
    timeout client ${limit}s
    timeout server ${limit}s
    # Takes over from the two above once the connection is a WebSocket: silence both ways for so long ends it.
    # Heartbeats in one direction keep it alive, also towards a client that is gone: finding those is the
    # gateway's part.
    timeout tunnel ${limit}s
    # A side that has said goodbye and does not go.
    timeout client-fin 10s
    timeout server-fin 10s

frontend websockets
    bind ${address}:${listen.port}
    # TCP keepalive finds a client whose host is gone where nothing is being sent to it; while heartbeats are
    # on their way to it TCP keepalive rests, and the gateway finds it.
    option clitcpka
    clitcpka-idle ${idle}s
    clitcpka-intvl ${Math.max(1, Math.floor(idle / 3))}s
    clitcpka-cnt 3
${path === '/' ? '' : `    # The rest of your site.\n    http-request return status 404 unless { path_beg ${path} }\n`}    default_backend gateway

backend gateway
    # Upgrade and Connection pass without being told to. Who the client is: trustProxy in the module reads it.
    option forwardfor
    http-request set-header X-Forwarded-Proto %[ssl_fc,iif(https,http)]
    # WebSockets stay for hours: count connections instead of taking turns.
    balance leastconn
    server app1 ${bracketed(upstream)}
`;
}
