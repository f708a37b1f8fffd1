import { isName } from './address.js';
import { headline, wholeSeconds } from './headline.js';
import type { ProxySetup } from './proxy.setup.js';

const ABOUT = [
  'untested: no Envoy was at hand when this was written; it follows the documentation of the v3 API.',
  'envoy.yaml; check it with envoy --mode validate -c envoy.yaml',
];

/** Envoy with static resources. */
export function envoy(setup: ProxySetup): string {
  const { path, upstream, listen, limitSeconds: limit } = setup;
  const idle = wholeSeconds(setup.intervalMs);
  const interval = Math.max(1, Math.floor(idle / 3));
  return `${headline(setup, [...ABOUT, `Start it with --drain-time-s ${limit} --parent-shutdown-time-s ${limit + 15}: so long old`, 'connections live on in the old process after a hot restart; the defaults are 10 and 15 minutes.'])}

static_resources:
  listeners:
    - name: websockets
      address:
        socket_address: { address: "${listen.host ?? '0.0.0.0'}", port_value: ${listen.port} }
      # TCP keepalive finds a client whose host is gone where nothing is being sent to it (SO_KEEPALIVE,
      # TCP_KEEPIDLE, TCP_KEEPINTVL, TCP_KEEPCNT of Linux).
      socket_options:
        - { level: 1, name: 9, int_value: 1, state: STATE_PREBIND }
        - { level: 6, name: 4, int_value: ${idle}, state: STATE_PREBIND }
        - { level: 6, name: 5, int_value: ${interval}, state: STATE_PREBIND }
        - { level: 6, name: 6, int_value: 3, state: STATE_PREBIND }
      filter_chains:
        - filters:
            - name: envoy.filters.network.http_connection_manager
              typed_config:
                "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
                stat_prefix: websockets
                # Without it Envoy answers upgrades with 403.
                upgrade_configs:
                  - upgrade_type: websocket
                # Adds the client's address to X-Forwarded-For; trustProxy in the module reads it.
                use_remote_address: true
                route_config:
                  virtual_hosts:
                    - name: all
                      domains: ["*"]
                      routes:
                        - match: { prefix: "${path}" }
                          route:
                            cluster: gateway
                            # The whole exchange may take so long, 15s by default; 0s: no limit.
                            timeout: 0s
                            # Silence both ways for so long ends a connection; the default is 5 minutes.
                            idle_timeout: ${limit}s
                http_filters:
                  - name: envoy.filters.http.router
                    typed_config:
                      "@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router
  clusters:
    - name: gateway
      type: ${isName(upstream) ? 'STRICT_DNS' : 'STATIC'}
      connect_timeout: 5s
      # WebSockets stay for hours: count connections instead of taking turns.
      lb_policy: LEAST_REQUEST
      load_assignment:
        cluster_name: gateway
        endpoints:
          - lb_endpoints:
              - endpoint:
                  address:
                    socket_address: { address: "${upstream.host}", port_value: ${upstream.port} }
`;
}
