import { isRoot, RELOAD_LIMIT_SECONDS, type Place, type Plan } from './proxy.js';

const PROGRAM = '/usr/sbin/nginx';

/** Where nginx writes what it cannot keep in memory: its own places are closed to others than root. */
const TEMPORARY = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
  .map((name) => `${name}_temp_path temp_${name};`)
  .join(' ');

/** Byte-transparent: `proxy_pass` with the usual headers. */
export function nginx(place: Place): Plan {
  const { backend, idleTimeoutMs } = place;
  return nginxPlan(place, {
    http: `map $http_upgrade $connection_upgrade { default upgrade; '' close; }`,
    location: `
      proxy_pass http://${backend};
      proxy_http_version 1.1;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection $connection_upgrade;
      proxy_set_header Host $host;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_read_timeout ${idleTimeoutMs}ms;
      proxy_send_timeout ${idleTimeoutMs}ms;`,
  });
}

/** What is different in each nginx. */
export interface NginxParts {
  /** Before everything else: modules. */
  readonly main?: string;
  readonly http: string;
  readonly location: string;
  readonly files?: Readonly<Record<string, string>>;
  readonly environment?: Readonly<Record<string, string>>;
}

/** One nginx with one worker, which answers for everything below `/`. */
export function nginxPlan(place: Place, parts: NginxParts): Plan {
  const { folder, config } = place;
  const command = [PROGRAM, '-p', `${folder}/`, '-e', 'error.log', '-c', `${folder}/nginx.conf`] as const;
  return {
    files: { ...parts.files, 'nginx.conf': config === undefined ? ownConfig(place, parts) : owned(config) },
    command: config === undefined ? command : [...command, '-g', missingIn(config, parts)],
    environment: parts.environment ?? {},
    reload: { signal: 'SIGHUP' },
    ...(config === undefined && { statusUrl: `http://127.0.0.1:${place.statusPort}/` }),
  };
}

function ownConfig({ listen, port, statusPort }: Place, { main = '', http, location }: NginxParts): string {
  return `${main}
worker_processes 1;
daemon off;
pid proxy.pid;
error_log error.log warn;
worker_shutdown_timeout ${RELOAD_LIMIT_SECONDS}s; # or a reload keeps old connections for ever
events { worker_connections 8192; }
http {
  access_log off;
  ${TEMPORARY}
  ${http}
  server {
    listen ${listen}:${port};
    location / {${location}
    }
  }
  server {
    listen 127.0.0.1:${statusPort};
    location / { stub_status; }
  }
}
`;
}

/** What only the place where it runs makes necessary is not for a printed configuration to say. */
function missingIn(config: string, { main = '' }: NginxParts): string {
  const lines = { daemon: 'daemon off;', pid: 'pid proxy.pid;', error_log: 'error_log error.log warn;' };
  const missing = Object.entries(lines).filter(([name]) => !new RegExp(`^\\s*${name}\\s`, 'm').test(config));
  const modules = /^\s*(load_module|include\s.*modules-enabled)/m.test(config) ? '' : main;
  return [modules, ...missing.map(([, line]) => line)].join(' ');
}

function owned(config: string): string {
  return isRoot ? config : config.replace(/^(\s*http\s*\{)/m, `$1 ${TEMPORARY}`);
}
