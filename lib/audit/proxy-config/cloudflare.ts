import { headline } from './headline.js';
import type { ProxySetup } from './proxy.setup.js';

/** Seconds: what connections through Cloudflare are known to be cut after, on plans where it cannot be set. */
const FIXED_LIMIT = 100;

/** Cloudflare's proxy: the one thing that can be set, and what cannot. */
export function cloudflare(setup: ProxySetup): string {
  const { intervalMs, limitSeconds } = setup;
  const longest = FIXED_LIMIT / 2;
  const fits = intervalMs <= longest * 1_000;
  const fixed = { ...setup, limitSeconds: FIXED_LIMIT };
  return `${headline(fixed, ['untested: no Cloudflare account was at hand when this was written; it follows the documentation. Run it with sh.'])}
#
# ${fits ? `The interval fits: it is at most half of ${FIXED_LIMIT} s.` : `THE INTERVAL IS TOO LONG: set intervalMs to at most ${longest * 1_000}, half of what Cloudflare waits.`}
#
# What cannot be set: a WebSocket without traffic is cut after about ${FIXED_LIMIT} s, and both sides see 1006. That is the
# proxy read timeout (developers.cloudflare.com/fundamentals/reference/connection-limits, which gave 120 s in 2026);
# only Enterprise zones can change it, see below. When Cloudflare updates its servers, WebSockets end
# (developers.cloudflare.com/network/websockets): clients have to come back spread out, as HealthyWebSocket does.
#
# What comes by itself: upgrade headers, CF-Connecting-IP, and X-Forwarded-For, which trustProxy in the module reads.
# Behind Cloudflare and a proxy of yours there are two hops: trustProxy: 2, and give that proxy its limit too:
# connection-health proxy-config nginx
set -eu

# WebSockets are on by default. Needs ZONE_ID and an API token that may edit zone settings.
curl --fail --request PATCH "https://api.cloudflare.com/client/v4/zones/$ZONE_ID/settings/websockets" \\
  --header "Authorization: Bearer $CLOUDFLARE_API_TOKEN" --header 'Content-Type: application/json' \\
  --data '{"value":"on"}'

# Enterprise only: silence of the origin for so long.
# curl --fail --request PATCH "https://api.cloudflare.com/client/v4/zones/$ZONE_ID/settings/proxy_read_timeout" \\
#   --header "Authorization: Bearer $CLOUDFLARE_API_TOKEN" --header 'Content-Type: application/json' \\
#   --data '{"value":${Math.max(limitSeconds, FIXED_LIMIT)}}'
`;
}
