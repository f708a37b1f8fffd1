import { describe, expect, it } from '@jest/globals';

import { freePort } from './free.port.js';
import { useProxies, type ProxyName } from './lab.js';
import { useStages } from './stage.js';

/** Complete configurations as people have them: they say nothing of the folder in which the lab runs them. */
const CONFIGURATIONS: Readonly<Partial<Record<ProxyName, (port: number, backend: number) => string>>> = {
  nginx: (port, backend) => `
    events {}
    http {
      server {
        listen 127.0.0.1:${port};
        location / {
          proxy_pass http://127.0.0.1:${backend};
          proxy_http_version 1.1;
          proxy_set_header Upgrade $http_upgrade;
          proxy_set_header Connection upgrade;
        }
      }
    }`,
  // Under the usual name of the library, which Debian does not use.
  lua: (port, backend) => `
    events {}
    http {
      server {
        listen 127.0.0.1:${port};
        location / {
          content_by_lua_block {
            local client = require("resty.websocket.client"):new{ timeout = 5000 }
            client:connect("ws://127.0.0.1:${backend}" .. ngx.var.request_uri)
            local server = require("resty.websocket.server"):new{ timeout = 5000 }
            client:send_text((server:recv_frame()))
            server:send_text((client:recv_frame()))
          }
        }
      }
    }`,
  haproxy: (port, backend) => `
defaults
  mode http
  timeout connect 5s
  timeout client 30s
  timeout server 30s
listen app
  bind 127.0.0.1:${port}
  server app 127.0.0.1:${backend}
`,
  caddy: (port, backend) => `
# a comment
{
  auto_https off
}
http://:${port} {
  bind 127.0.0.1
  reverse_proxy 127.0.0.1:${backend}
}
`,
  'apache-http': (port, backend) => `
Listen 127.0.0.1:${port}
LoadModule proxy_module /usr/lib/apache2/modules/mod_proxy.so
<VirtualHost 127.0.0.1:${port}>
  ProxyPass / http://127.0.0.1:${backend}/ upgrade=websocket
</VirtualHost>
`,
};

const start = useProxies();
const openStage = useStages();

describe('a configuration of one’s own', () => {
  it.each(Object.entries(CONFIGURATIONS))('runs as it is (%s)', async (name, write) => {
    const stage = await openStage();
    const port = await freePort();
    const config = write(port, stage.backend.port);
    const proxy = await start(name as ProxyName, { backend: stage.backend, config, port });
    const { client, backend } = await stage.pair(proxy, '/x');
    client.socket.send('hello');
    await backend.gets('hello');
    backend.socket.send('good day');
    await client.gets('good day');

    expect(proxy.url()).toBe(`ws://127.0.0.1:${port}/`);
    expect(backend.request?.url).toBe('/x');
  });
});
