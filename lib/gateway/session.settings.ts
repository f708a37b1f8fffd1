import type { ConnectionSettings, HeartbeatSettings } from '../connection/connection.settings.js';
import { ENGINE_IO_CODEC } from '../protocol/engine-io.codec.js';
import type { OwnHeartbeat } from '../transport/transport.driver.js';

/** Who asks the clients of a library with heartbeats of its own, and judges them: the library, or we. */
export type SessionMode = 'observe' | 'govern';

/** What the option is where nobody gives it: no reason to warn. */
const DEFAULT_INTERVAL_MS = 30_000;
const DEFAULT_MAX_PER_INTERVAL = 20;

/** The settings of a server whose library asks by itself, and what its users should know. */
export interface SessionSettings {
  readonly settings: ConnectionSettings;
  readonly warnings: readonly string[];
}

/**
 * What holds on a server whose library has a heartbeat of its own. Pure.
 *
 * Observed, the library's interval and timeout are the ones that hold: the module's do not reach it. Governed, the
 * module's hold, but its clients were told to expect a question every `own.intervalMs` and leave without one.
 */
export function sessionSettings(
  own: OwnHeartbeat,
  settings: ConnectionSettings,
  mode: SessionMode,
): SessionSettings {
  const { heartbeat } = settings;
  if (mode === 'observe') return observed(own, settings);
  if (heartbeat === false) {
    const { settings: instead } = observed(own, settings);
    const warning = 'socketIo.mode "govern" needs heartbeats, but heartbeat is false: Engine.IO judges alone';
    return { settings: instead, warnings: [warning] };
  }
  return governed(own, settings, heartbeat);
}

function observed(own: OwnHeartbeat, settings: ConnectionSettings): SessionSettings {
  const maxPerInterval =
    settings.heartbeat === false ? DEFAULT_MAX_PER_INTERVAL : settings.heartbeat.maxPerInterval;
  const heartbeat: HeartbeatSettings = {
    ...own,
    maxMissed: 1,
    enforce: 'always',
    codec: ENGINE_IO_CODEC,
    maxPerInterval,
    isTransports: true,
  };
  return { settings: within({ ...settings, heartbeat }, own), warnings: [] };
}

function governed(
  own: OwnHeartbeat,
  settings: ConnectionSettings,
  given: HeartbeatSettings,
): SessionSettings {
  const intervalMs = Math.min(given.intervalMs, own.intervalMs);
  const timeoutMs = given.timeoutMs < intervalMs ? given.timeoutMs : Math.round((intervalMs * 2) / 3);
  const heartbeat = { ...given, intervalMs, timeoutMs, codec: ENGINE_IO_CODEC };
  const isTold = intervalMs < given.intervalMs && given.intervalMs !== DEFAULT_INTERVAL_MS;
  const warning =
    `heartbeat.intervalMs is ${given.intervalMs}, but its clients were told to expect a ping every ${own.intervalMs} ms ` +
    '(pingInterval) and leave without one: they are asked that often';
  return {
    settings: within({ ...settings, heartbeat }, heartbeat),
    warnings: isTold ? [warning] : [],
  };
}

/** A sweep must not find stale whom the heartbeat has had no time to ask. */
function within(settings: ConnectionSettings, { intervalMs, timeoutMs }: OwnHeartbeat): ConnectionSettings {
  const { sweep, heartbeat } = settings;
  if (sweep === false || heartbeat === false) return settings;
  const boundMs = heartbeat.maxMissed * intervalMs + timeoutMs;
  if (sweep.staleAfterMs > boundMs) return settings;
  return { ...settings, sweep: { ...sweep, staleAfterMs: Math.max(3 * intervalMs, boundMs + intervalMs) } };
}
