import { isName } from './address.js';
import { headline, wholeSeconds } from './headline.js';
import { luaBridge } from './lua.bridge.js';
import { nginxListen, nginxProcess, theRest } from './nginx.js';
import type { ProxySetup } from './proxy.setup.js';

const ABOUT = [
  'nginx.conf for OpenResty, or for nginx with the Lua module and lua-resty-websocket; check it with openresty -t',
  'The bridge reads and writes WebSocket messages in Lua. Where you do not need that, use plain proxy_pass',
  '(connection-health proxy-config nginx): it is faster, and keeps compression end to end.',
];

/** OpenResty as a protocol-terminating proxy that behaves as a transparent one would. */
export function openresty(setup: ProxySetup): string {
  const { path, limitSeconds: limit } = setup;
  return `${headline(setup, ABOUT)}

# Debian ships the Lua module apart from nginx; with OpenResty these match nothing.
include /etc/nginx/modules-enabled/*-mod-http-ndk.conf;
include /etc/nginx/modules-enabled/*-mod-http-lua.conf;

${nginxProcess(setup)}

http {
  # A client that goes away is no error.
  lua_socket_log_errors off;
${resolver(setup)}
  init_by_lua_block {
    -- OpenResty calls the library resty.websocket, Debian nginx.websocket.
    if not pcall(require, "resty.websocket.protocol") then
      package.preload["resty.websocket.protocol"] = function()
        return require "nginx.websocket.protocol"
      end
    end
  }

  server {
    ${nginxListen(setup)}

    # For refusals of the backend that are passed on; a bridge answers an upgrade itself.
    default_type "";

    location ${path} {
      content_by_lua_block {
${luaBridge({ ...setup, upstream: reachable(setup), closeSeconds: Math.max(1, Math.min(5, wholeSeconds(setup.intervalMs))), limitMs: limit * 1_000 })}
      }
    }${theRest(path)}
  }
}
`;
}

/** Lua sockets ask the resolver for every name, and no resolver knows `localhost` for sure. */
function reachable({ upstream }: ProxySetup): ProxySetup['upstream'] {
  return upstream.host === 'localhost' ? { ...upstream, host: '127.0.0.1' } : upstream;
}

function resolver(setup: ProxySetup): string {
  if (!isName(reachable(setup))) return '';
  return `
  # Lua looks names up here and not in /etc/hosts. Docker's own is 127.0.0.11; others stand in /etc/resolv.conf.
  resolver 127.0.0.11 valid=10s;
`;
}
