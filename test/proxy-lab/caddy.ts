import type { Place, Plan } from './proxy.js';

const PROGRAM = '/usr/bin/caddy';

/** Byte-transparent. Caddy 2.6 has no idle limit, and a reload closes what is open. */
export function caddy(place: Place): Plan {
  const { folder, config, statusPort } = place;
  const file = ['--config', `${folder}/Caddyfile`, '--adapter', 'caddyfile'] as const;
  return {
    files: { Caddyfile: config === undefined ? ownConfig(place) : withAdmin(config, statusPort) },
    command: [PROGRAM, 'run', ...file],
    environment: { HOME: folder, XDG_CONFIG_HOME: `${folder}/config`, XDG_DATA_HOME: `${folder}/data` },
    // Without --force nothing happens where the configuration is the same.
    reload: { command: [PROGRAM, 'reload', '--force', '--address', `127.0.0.1:${statusPort}`, ...file] },
    statusUrl: `http://127.0.0.1:${statusPort}/metrics`,
  };
}

function ownConfig({ listen, port, statusPort, backend }: Place): string {
  return `{
  admin 127.0.0.1:${statusPort}
  auto_https off
  log {
    level WARN
  }
  servers {
    metrics
  }
}
http://:${port} {
  bind ${listen}
  reverse_proxy ${backend}
}
`;
}

/** Several would fight for the port that Caddy's control has by default. */
function withAdmin(config: string, port: number): string {
  if (/^\s*admin\s/m.test(config)) return config;
  const line = `  admin 127.0.0.1:${port}`;
  // Options for all sites stand in a block without a name, which comes first.
  const options = /^(?:\s|#.*\n)*\{/.exec(config);
  if (options === null) return `{\n${line}\n}\n${config}`;
  return `${options[0]}\n${line}${config.slice(options[0].length)}`;
}
