import { RELOAD_LIMIT_SECONDS, type Place, type Plan } from './proxy.js';

/** Byte-transparent. Its idle limit is `timeout tunnel`. */
export function haproxy(place: Place): Plan {
  const { folder, config, statusPort } = place;
  return {
    files: { 'haproxy.cfg': config ?? ownConfig(place) },
    // -W: a master that can be told to reload. -db would be without one.
    command: ['/usr/sbin/haproxy', '-W', '-f', `${folder}/haproxy.cfg`],
    reload: { signal: 'SIGUSR2' },
    ...(config === undefined && { statusUrl: `http://127.0.0.1:${statusPort}/;csv` }),
  };
}

function ownConfig({ listen, port, statusPort, backend, idleTimeoutMs }: Place): string {
  return `global
  maxconn 8192
  nbthread 1
  hard-stop-after ${RELOAD_LIMIT_SECONDS}s
defaults
  mode http
  timeout connect 5s
  timeout client 30s
  timeout server 30s
  timeout tunnel ${idleTimeoutMs}ms
frontend clients
  bind ${listen}:${port}
  option forwardfor
  default_backend app
backend app
  server app ${backend}
frontend numbers
  bind 127.0.0.1:${statusPort}
  stats enable
  stats uri /
`;
}
