import { readFileSync } from 'node:fs';

import { nginxPlan } from './nginx.js';
import { labFolder } from './lab.folder.js';
import type { Place, Plan } from './proxy.js';

const MODULES = '/usr/lib/nginx/modules';
const OURS = ['bridge.lua', 'locked.lua', 'headers.lua'];
/** Debian names the library `nginx.websocket.*`, everybody else `resty.websocket.*`. */
const RENAMED = ['client', 'server', 'protocol'];

/** Protocol-terminating: our bridge between two WebSockets of lua-resty-websocket. */
export function lua(place: Place): Plan {
  const { folder, backend, behaviour, idleTimeoutMs } = place;
  return nginxPlan(place, {
    // The kit first: without it the other cannot be loaded.
    main: `load_module ${MODULES}/ndk_http_module.so; load_module ${MODULES}/ngx_http_lua_module.so;`,
    http: `lua_package_path "${folder}/lua/?.lua;;";
  lua_socket_log_errors off;
  lua_check_client_abort off;`,
    location: `
      content_by_lua_block {
        require("bridge").run("${backend}", "${behaviour}", ${idleTimeoutMs})
      }`,
    // Copied, because the workers run as nobody and may not look into the folder where the lab lives.
    files: Object.fromEntries([
      ...OURS.map((file) => [`lua/${file}`, readFileSync(`${labFolder()}/lua/${file}`, 'utf8')]),
      ...RENAMED.map((part) => [
        `lua/resty/websocket/${part}.lua`,
        `return require("nginx.websocket.${part}")\n`,
      ]),
    ]),
    // For a configuration that is not ours, and knows the library under its usual name.
    environment: { LUA_PATH: `${folder}/lua/?.lua;;` },
  });
}
