import { bracketed } from './address.js';
import { headline } from './headline.js';
import type { ProxySetup } from './proxy.setup.js';

/** Caddy 2 as a byte-transparent proxy. */
export function caddy(setup: ProxySetup): string {
  const { path, upstream, listen, limitSeconds: limit } = setup;
  const { host } = listen;
  return `${headline(setup, ['Caddyfile; check it with caddy validate --config Caddyfile --adapter caddyfile'])}

{
	# How long a reload or a stop waits for ordinary requests.
	grace_period ${limit}s
}

http://:${listen.port} {
${host === undefined ? '' : `	bind ${host}\n`}	handle ${path}* {
		# Upgrade headers and X-Forwarded-For pass without being told to; trustProxy in the module reads the latter.
		reverse_proxy ${bracketed(upstream)} {
			# Every reload ends all WebSockets at once: all clients come back at once. From Caddy 2.7 on this lets
			# old connections live on for a while; older versions refuse the line.
			# stream_close_delay ${limit}s

			transport http {
				# Silence of the backend for so long ends a connection, though the client may speak: the heartbeats of
				# the gateway are what keeps it. By itself Caddy has no limit for WebSockets.
				read_timeout ${limit}s
				# So does a message that the backend has not taken for so long.
				write_timeout ${limit}s
			}
		}
	}${path === '/' ? '' : '\n\n	# The rest of your site.\n	handle {\n		respond 404\n	}'}
}
`;
}
