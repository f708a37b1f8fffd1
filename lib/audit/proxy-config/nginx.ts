import { bracketed } from './address.js';
import { headline, wholeSeconds } from './headline.js';
import type { ProxySetup } from './proxy.setup.js';

/** nginx, 1.11.11 or newer, as a byte-transparent proxy. */
export function nginx(setup: ProxySetup): string {
  const { path, upstream, limitSeconds: limit } = setup;
  return `${headline(setup, ['nginx.conf; check it with nginx -t'])}

${nginxProcess(setup)}

http {
  # "Connection: upgrade" goes on to the backend only where the client asked for it.
  map $http_upgrade $connection_upgrade {
    default upgrade;
    '' close;
  }

  server {
    ${nginxListen(setup)}

    location ${path} {
      proxy_pass http://${bracketed(upstream)};

      # Upgrade and Connection are hop-by-hop headers, and nginx drops them unless told otherwise.
      proxy_http_version 1.1;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection $connection_upgrade;

      # Without it the backend sees the name of the upstream.
      proxy_set_header Host $host;

      # Who the client is: trustProxy in the module reads it.
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_set_header X-Forwarded-Proto $scheme;

      # Silence both ways for so long ends a connection, and the default of 60s is short. Heartbeats in one
      # direction keep it alive, also towards a client that is gone: finding those is the gateway's part.
      proxy_read_timeout ${limit}s;
      proxy_send_timeout ${limit}s;
    }${theRest(path)}
  }
}
`;
}

/** What stands outside of `http`. */
export function nginxProcess({ limitSeconds }: ProxySetup): string {
  return `worker_processes auto;

# Two connections, and so two open files, for each WebSocket.
worker_rlimit_nofile 8192;
events {
  worker_connections 4096;
}

# A reload keeps the old workers for as long as one of their connections lives; a ghost would keep them for ever.
worker_shutdown_timeout ${limitSeconds}s;`;
}

/** The `listen` directive with its reason. */
export function nginxListen({ listen, intervalMs }: ProxySetup): string {
  const idle = wholeSeconds(intervalMs);
  const address =
    listen.host === undefined ? listen.port : bracketed({ host: listen.host, port: listen.port });
  return `# TCP keepalive finds a client whose host is gone where nothing is being sent to it; while heartbeats are
    # on their way to it TCP keepalive rests, and the gateway finds it.
    listen ${address} so_keepalive=${idle}s:${Math.max(1, Math.floor(idle / 3))}s:3;`;
}

/** All other paths, where there are any. */
export function theRest(path: string): string {
  if (path === '/') return '';
  return `

    # The rest of your site.
    location / {
      return 404;
    }`;
}
