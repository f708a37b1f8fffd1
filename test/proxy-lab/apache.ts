import { isRoot, type Place, type Plan } from './proxy.js';

const MODULES = [
  'mpm_event',
  'authz_core',
  'headers',
  'rewrite',
  'setenvif',
  'proxy',
  'proxy_http',
  'proxy_wstunnel',
];

/** Byte-transparent, by mod_proxy_http, which is Apache's way since 2.4.47. The larger of its two limits counts. */
export function apacheHttp(place: Place): Plan {
  const seconds = Math.ceil(place.idleTimeoutMs / 1_000);
  return apachePlan(
    place,
    `Timeout ${seconds}
ProxyTimeout ${seconds}
ProxyPass / http://${place.backend}/ upgrade=websocket
`,
  );
}

/** Byte-transparent, by mod_proxy_wstunnel itself, which has no idle limit. */
export function apacheWstunnel(place: Place): Plan {
  return apachePlan(
    place,
    `ProxyWebsocketFallbackToProxyHttp Off
ProxyPass / ws://${place.backend}/
`,
  );
}

function apachePlan(place: Place, lines: string): Plan {
  const { folder, listen, port, config } = place;
  return {
    files: {
      'apache.conf': base(folder),
      'site.conf': config ?? `Listen ${listen}:${port}\n${lines}`,
    },
    command: ['/usr/sbin/apache2', '-DFOREGROUND', '-f', `${folder}/apache.conf`],
    // Graceful. Apache knows no limit for the connections of the old generation, only for those of a stop.
    reload: { signal: 'SIGUSR1' },
  };
}

/** What Debian's own apache2.conf, its modules and its environment would say. */
function base(folder: string): string {
  const modules = MODULES.map((name) => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so`);
  return `ServerRoot ${folder}
ServerName 127.0.0.1
DefaultRuntimeDir ${folder}
PidFile ${folder}/proxy.pid
ErrorLog ${folder}/error.log
LogLevel warn
${modules.join('\n')}
${isRoot ? 'User www-data\nGroup www-data' : ''}
Mutex file:${folder} default
# A thread is busy as long as its connection lives, a slot as long as one of its threads is.
ServerLimit 16
StartServers 1
ThreadsPerChild 64
MaxRequestWorkers 1024
MinSpareThreads 16
MaxSpareThreads 128
Include ${folder}/site.conf
`;
}
