import type { Comparison, Gap } from './comparison.js';
import type { GatewayCount } from './gateway.source.js';
import type { Layer } from './source.js';

/** What the numbers mean. */
export interface Verdict {
  /** Whether connections are held for clients that are gone. */
  readonly isLeaking: boolean;
  /** The place with the largest gap; absent without a leak. */
  readonly where?: string;
  /** Connections it has too many. */
  readonly excess: number;
  /** What that means, a sentence or two. */
  readonly message: string;
  /** What to do about it; absent where there is nothing to do. */
  readonly nextStep?: string;
}

/** Says in words what a comparison found. Pure. */
export function verdictOf(
  { leak, tolerance }: Comparison,
  layers: readonly Layer[],
  gateway: GatewayCount,
): Verdict {
  if (leak === undefined) {
    const message = `No layer has more connections than the one outside of it (tolerance: ${tolerance}).`;
    return { isLeaking: false, excess: 0, message };
  }
  const { outer, inner, excess } = leak;
  const words = outer.owner === inner.owner ? inside(leak, layers) : between(leak, layers, gateway);
  return { isLeaking: true, excess, ...words };
}

type Words = Required<Pick<Verdict, 'where' | 'message' | 'nextStep'>>;

/** One layer has more connections on its inner side than on its outer one. */
function inside({ outer, excess }: Gap, layers: readonly Layer[]): Words {
  const { name, clientsGone = 0 } = layers[outer.owner]!;
  const seen =
    clientsGone > 0 ? ` ${clientsGone} of them can be seen: CLOSE-WAIT on the side of the clients.` : '';
  return {
    where: `inside ${name}`,
    message:
      `${capitalised(name)} holds ${excess} connections to the backend for which it has no client any more.${seen} ` +
      'It terminates WebSocket, and does not tell the backend when a client has left.',
    nextStep:
      'Make it pass every close and every lost client on (connection-health proxy-config openresty prints a bridge ' +
      'that does), with an idle limit for each side and a limit for old processes after a reload. Until then only ' +
      'heartbeats that the client itself answers find these connections: the proxy answers protocol pings for it.',
  };
}

/** A layer has more connections than the one outside of it sends. */
function between({ outer, inner, excess }: Gap, layers: readonly Layer[], gateway: GatewayCount): Words {
  const from = layers[outer.owner]!;
  const to = layers[inner.owner]?.name ?? 'the gateway';
  const isBlind = from.backend === undefined;
  const { idleOverFiveMinutes: idle } = gateway;
  const silent =
    idle > 0 ? ` The gateway has heard nothing of ${idle} connections for more than 5 minutes.` : '';
  return {
    where: `${isBlind ? `in ${from.name}, or ` : ''}between ${from.name} and ${to}`,
    message:
      `${capitalised(to)} has ${excess} connections that ${from.name} knows nothing of. Something on this way keeps them open ` +
      `though the clients are gone, or they come another way.${silent}`,
    nextStep:
      `Look at what stands there: add its numbers to this command${isBlind ? ` (--sockets shows both sides of ${from.name})` : ''}, ` +
      'or run connection-health audit through it. Count every way in: other proxies, health checks, clients that ' +
      'connect directly. If nothing stands there, the gateway itself keeps dead connections: turn its heartbeats on.',
  };
}

function capitalised(name: string): string {
  return name.startsWith('the ') ? `T${name.slice(1)}` : name;
}
