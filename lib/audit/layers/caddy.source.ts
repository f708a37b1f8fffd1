import { chosenIn, excerpt, type Layer, plain, readText, SourceError } from './source.js';

const UPSTREAMS = "the upstreams of Caddy's control (GET /reverse_proxy/upstreams)";
const METRICS = "the metrics of Caddy's control (GET /metrics)";

/** What the control ("admin") of Caddy tells: both sides, the one of the clients only where metrics are on. @throws SourceError */
export async function readCaddy(url: URL): Promise<Layer> {
  const [upstreams, metrics] = await Promise.all([
    readText({ what: UPSTREAMS, url: new URL('/reverse_proxy/upstreams', url) }),
    readText({ what: METRICS, url: new URL('/metrics', url) }),
  ]);
  const clients = inFlight(metrics, chosenIn(url));
  return {
    name: 'caddy',
    source: plain(new URL('/', url)),
    ...(clients !== undefined && { clients }),
    backend: requestsOf(upstreams, url),
    notes: [
      clients === undefined
        ? 'the side of the clients is not known: metrics are off (servers { metrics } in the global options), or nobody has come yet'
        : 'counted: requests that reverse_proxy is working on, plain ones too',
    ],
  };
}

function requestsOf(text: string, url: URL): number {
  const chosen = chosenIn(url);
  try {
    const upstreams = JSON.parse(text) as readonly {
      readonly address: string;
      readonly num_requests: number;
    }[];
    const total = upstreams
      .filter(({ address }) => chosen === undefined || chosen.has(address))
      .reduce((sum, { num_requests: requests }) => sum + requests, 0);
    if (Number.isSafeInteger(total)) return total;
  } catch {
    // Said below.
  }
  throw new SourceError(
    `${plain(new URL('/reverse_proxy/upstreams', url))}: expected ${UPSTREAMS}, got ${excerpt(text)}`,
  );
}

/** The other handlers of a route count the same requests again. */
function inFlight(metrics: string, chosen: ReadonlySet<string> | undefined): number | undefined {
  const lines = metrics.matchAll(/^caddy_http_requests_in_flight\{([^}\n]*)\} (\d+)$/gm);
  const counts = [...lines]
    .filter(([, labels]) => labels!.includes('handler="reverse_proxy"'))
    .filter(([, labels]) => chosen === undefined || chosen.has(/server="([^"]*)"/.exec(labels!)?.[1] ?? ''))
    .map(([, , count]) => Number(count));
  return counts.length === 0 ? undefined : counts.reduce((sum, count) => sum + count, 0);
}
