import { bracketed } from './address.js';
import { headline } from './headline.js';
import type { ProxySetup } from './proxy.setup.js';

const HEAD = [
  'For sites-enabled (Debian) or conf.d (Red Hat) of Apache 2.4.47 or newer; check it with apachectl -t',
  'mod_proxy_http speaks WebSocket; mod_proxy_wstunnel is not needed, and knows no idle limit.',
];

/** The Apache HTTP server with mod_proxy_http, as a byte-transparent proxy. */
export function apache(setup: ProxySetup): string {
  const { path, upstream, listen, limitSeconds: limit } = setup;
  const port = listen.host === undefined ? `${listen.port}` : bracketed({ ...listen, host: listen.host });
  return `${headline(setup, HEAD)}

# Debian's place (or: a2enmod proxy_http); /usr/lib64/httpd/modules with Red Hat.
Define MODULES /usr/lib/apache2/modules
<IfModule !proxy_module>
  LoadModule proxy_module \${MODULES}/mod_proxy.so
</IfModule>
<IfModule !proxy_http_module>
  LoadModule proxy_http_module \${MODULES}/mod_proxy_http.so
</IfModule>

# Each WebSocket holds a thread for as long as it lives: this is the number of clients you can have.
ServerLimit 32
ThreadsPerChild 64
MaxRequestWorkers 2048

# How long apachectl graceful-stop waits for old connections. Apache has no such limit for a reload (graceful):
# old connections stay in the old child processes until the gateway or the client ends them.
GracefulShutdownTimeout ${limit}

Listen ${port}
<VirtualHost *:${listen.port}>
  # Silence both ways for so long ends a connection. Apache takes the larger of the two, so both have to say it.
  # Heartbeats in one direction keep it alive, also towards a client that is gone: finding those is the
  # gateway's part.
  Timeout ${limit}
  ProxyTimeout ${limit}

  # upgrade= passes the upgrade headers on. X-Forwarded-For is added by itself; trustProxy in the module reads it.
  ProxyPass "${path}" "http://${bracketed(upstream)}${path}" upgrade=websocket
  # Without it the backend sees its own address as the host.
  ProxyPreserveHost On
</VirtualHost>
`;
}
