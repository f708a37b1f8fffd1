import type { GatewayHealthOptions } from '../connection-health.options.js';
import type {
  BackpressureSettings,
  ConnectionSettings,
  HeartbeatSettings,
  ProgressSettings,
  ProtocolPingSettings,
  SweepSettings,
} from '../connection/connection.settings.js';
import { codecOf } from './codec.resolver.js';
import { OptionReader } from './option.reader.js';
import { MIN_INTERVAL_MS, tickMsOf } from './tick.js';

const DEFAULT_INTERVAL_MS = 30_000;
const DEFAULT_CLOSE_TIMEOUT_MS = 5_000;

/** The keys that `@ConnectionHealth()` and `watch()` know. */
export const GATEWAY_OPTION_KEYS = [
  'heartbeat',
  'protocolPing',
  'sweep',
  'progress',
  'backpressure',
] as const;

/** What does not depend on the gateway. */
export type SharedSettings = Pick<ConnectionSettings, 'tcpKeepAlive' | 'closeCodes'>;

/**
 * Turns the options of the module, overridden by those of a gateway, into the settings of a connection.
 *
 * @param prefix of the option names in errors, for example `@ConnectionHealth() on ChatGateway`
 * @throws ConnectionHealthOptionsError
 */
export function resolveConnectionSettings(
  options: GatewayHealthOptions,
  shared: SharedSettings,
  prefix = '',
): ConnectionSettings {
  const path = (name: string): string => (prefix === '' ? name : `${prefix}: ${name}`);
  const heartbeat = options.heartbeat === false ? false : heartbeatOf(path('heartbeat'), options.heartbeat);
  const protocolPing = protocolPingOf(path('protocolPing'), options.protocolPing, heartbeat);
  const sweep =
    options.sweep === false ? false : sweepOf(path('sweep'), options.sweep, heartbeat, protocolPing);
  return {
    ...shared,
    heartbeat,
    protocolPing,
    sweep,
    progress: progressOf(path('progress'), options.progress),
    backpressure:
      options.backpressure === false ? false : backpressureOf(path('backpressure'), options.backpressure),
    closeTimeoutMs: sweep === false ? DEFAULT_CLOSE_TIMEOUT_MS : sweep.closeTimeoutMs,
  };
}

function heartbeatOf(path: string, options: unknown): HeartbeatSettings {
  const known = ['intervalMs', 'timeoutMs', 'maxMissed', 'enforce', 'codec', 'maxPerInterval'];
  const reader = new OptionReader(path, options, known);
  const codec = codecOf(reader);
  const intervalMs = reader.number('intervalMs', codec.defaultIntervalMs ?? DEFAULT_INTERVAL_MS, {
    above: MIN_INTERVAL_MS,
    unit: 'milliseconds',
  });
  const timeoutMs = reader.milliseconds('timeoutMs', Math.round((intervalMs * 2) / 3));
  if (timeoutMs >= intervalMs) reader.reject('timeoutMs', `less than intervalMs (${intervalMs})`, timeoutMs);
  return {
    intervalMs,
    timeoutMs,
    maxMissed: reader.number('maxMissed', 1, { whole: true }),
    enforce: reader.oneOf('enforce', ['always', 'negotiated', 'observe'], 'always'),
    codec,
    maxPerInterval: reader.number('maxPerInterval', 20, { whole: true }),
  };
}

function protocolPingOf(
  path: string,
  options: unknown,
  heartbeat: HeartbeatSettings | false,
): ProtocolPingSettings | false {
  if (options === false) return false;
  const reader = new OptionReader(path, options === true ? undefined : options, ['intervalMs']);
  const ridesAlong = heartbeat !== false && reader.given('intervalMs') === undefined;
  return { intervalMs: ridesAlong ? undefined : reader.milliseconds('intervalMs', DEFAULT_INTERVAL_MS) };
}

function sweepOf(
  path: string,
  options: unknown,
  heartbeat: HeartbeatSettings | false,
  protocolPing: ProtocolPingSettings | false,
): SweepSettings {
  const reader = new OptionReader(path, options, ['intervalMs', 'staleAfterMs', 'closeTimeoutMs', 'mode']);
  const askedEveryMs =
    heartbeat === false ? ((protocolPing || {}).intervalMs ?? DEFAULT_INTERVAL_MS) : heartbeat.intervalMs;
  const boundMs =
    heartbeat === false ? askedEveryMs : heartbeat.maxMissed * heartbeat.intervalMs + heartbeat.timeoutMs;
  const staleAfterMs = reader.milliseconds(
    'staleAfterMs',
    Math.max(3 * askedEveryMs, boundMs + (heartbeat === false ? 0 : tickMsOf([askedEveryMs]))),
  );
  if (staleAfterMs <= boundMs) {
    const bound = heartbeat === false ? 'the protocol ping interval' : 'maxMissed × intervalMs + timeoutMs';
    reader.reject('staleAfterMs', `more than ${bound} (${boundMs})`, staleAfterMs);
  }
  const mode = reader.oneOf('mode', ['enforce', 'observe'], 'enforce');
  if (mode === 'enforce' && heartbeat === false && protocolPing === false) {
    reader.reject(
      'mode',
      '"observe", or sweep: false, where neither heartbeats nor protocol pings are sent',
      mode,
    );
  }
  return {
    intervalMs: reader.milliseconds('intervalMs', 2 * askedEveryMs),
    staleAfterMs,
    closeTimeoutMs: reader.milliseconds('closeTimeoutMs', DEFAULT_CLOSE_TIMEOUT_MS),
    mode,
  };
}

function backpressureOf(path: string, options: unknown): BackpressureSettings {
  const reader = new OptionReader(path, options, ['maxBufferedBytes', 'maxAgeMs', 'action']);
  return {
    maxBufferedBytes: reader.number('maxBufferedBytes', 1024 * 1024),
    maxAgeMs: reader.milliseconds('maxAgeMs', 30_000),
    action: reader.oneOf('action', ['close', 'report'], 'report'),
  };
}

function progressOf(path: string, options: unknown): ProgressSettings {
  const known = ['minBytesPerSecond', 'maxMessageMs', 'minDrainBytesPerSecond', 'maxExtraMs'];
  const reader = new OptionReader(path, options, known);
  return {
    minBytesPerSecond: reader.number('minBytesPerSecond', 64),
    maxMessageMs: reader.milliseconds('maxMessageMs', 600_000),
    minDrainBytesPerSecond: reader.number('minDrainBytesPerSecond', 32_768),
    maxExtraMs: reader.milliseconds('maxExtraMs', 60_000),
  };
}
