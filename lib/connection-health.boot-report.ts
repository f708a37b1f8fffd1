import type { ConnectionHealthRuntime } from './connection-health.runtime.js';
import type { ConnectionSettings, HeartbeatSettings } from './connection/connection.settings.js';

/** What the boot says: one line about what is watched, and a warning for whatever is not as it should be. */
export function bootReport(runtime: ConnectionHealthRuntime): {
  readonly log: string;
  readonly warnings: string[];
} {
  const watches = [...runtime.binder.servers()];
  const told = watches.map(
    ({ name, driver, place, settings }) => `${name} (${driver.name}, ${place}): ${inWords(settings)}`,
  );
  return {
    log: told.length === 0 ? 'no gateway to watch; give servers to watch()' : `watching ${told.join('; ')}`,
    warnings: [
      ...runtime.warnings,
      ...runtime.binder.warnings,
      ...runtime.binder.lateWarnings(runtime.gateways),
      ...watches.flatMap(({ name, settings }) =>
        proxyWarning(name, settings, runtime.options.proxyIdleTimeoutMs),
      ),
      ...watches.flatMap(({ name, settings }) => clientsWarning(name, settings)),
      ...shutdownWarning(),
    ],
  };
}

function inWords({ heartbeat, protocolPing, sweep }: ConnectionSettings): string {
  const parts = [
    heartbeat === false
      ? 'no heartbeats'
      : `heartbeat every ${heartbeat.intervalMs} ms, timeout ${heartbeat.timeoutMs} ms, ${judgeOf(heartbeat)}`,
    protocolPing === false ? 'no protocol pings' : pingsInWords(protocolPing.intervalMs),
    sweep === false
      ? 'no sweep'
      : `sweep every ${sweep.intervalMs} ms for the silent since ${sweep.staleAfterMs} ms (${sweep.mode})`,
  ];
  return parts.join(', ');
}

function judgeOf({ isTransports, enforce }: HeartbeatSettings): string {
  return isTransports === true ? "asked and judged by Socket.IO's engine" : `enforce ${enforce}`;
}

function pingsInWords(intervalMs: number | undefined): string {
  return intervalMs === undefined ? 'protocol pings with them' : `protocol pings every ${intervalMs} ms`;
}

function proxyWarning(
  name: string,
  { heartbeat, protocolPing }: ConnectionSettings,
  limitMs?: number,
): string[] {
  if (limitMs === undefined) return [];
  const pingMs = protocolPing === false ? Infinity : (protocolPing.intervalMs ?? Infinity);
  const everyMs = Math.min(heartbeat === false ? Infinity : heartbeat.intervalMs, pingMs);
  if (everyMs <= limitMs / 2) return [];
  const told = everyMs === Infinity ? 'nothing is sent' : `something is sent every ${everyMs} ms`;
  return [
    `${name}: ${told}, but proxyIdleTimeoutMs is ${limitMs}: set heartbeat.intervalMs to at most ${limitMs / 2}, or idle connections will be cut`,
  ];
}

/** Clients that speak by themselves do so by their own clocks, and some want to hear of us as often (R8). */
function clientsWarning(name: string, { heartbeat }: ConnectionSettings): string[] {
  if (heartbeat === false || heartbeat.isTransports === true) return [];
  const { intervalMs, codec } = heartbeat;
  const { asks = 'server', defaultIntervalMs: clientsMs } = codec;
  if (asks === 'server' || clientsMs === undefined) return [];
  const [isShort, isLong] = [intervalMs < clientsMs, asks === 'both' && intervalMs >= 2 * clientsMs];
  if (!isShort && !isLong) return [];
  const why = isShort
    ? 'and look dead in between: set it to at least that'
    : `and may leave when they hear nothing of us for twice that: set it well below ${2 * clientsMs}`;
  return [
    `${name}: heartbeat.intervalMs is ${intervalMs}, but clients of the codec "${codec.name}" speak every ${clientsMs} ms ` +
      `unless they are set to something else, ${why}, leave it out, or give the codec the interval that they have`,
  ];
}

/** `app.enableShutdownHooks()` listens for SIGTERM; nobody listening means that it was not called. */
function shutdownWarning(): string[] {
  if (process.listenerCount('SIGTERM') > 0) return [];
  return ['a SIGTERM will end this process without closing its connections: call app.enableShutdownHooks()'];
}
