import type { Registry } from 'prom-client';

import type { AuditSettings } from '../audit/gateway/audit.settings.js';
import { SystemClock, type Clock } from '../clock/clock.js';
import type { ConnectionHealthModuleOptions, GatewayHealthOptions } from '../connection-health.options.js';
import type { ConnectionSettings } from '../connection/connection.settings.js';
import { compileTrust, type TrustProxy } from '../connection/peer.reader.js';
import type { DrainSettings } from '../drain/drain.plan.js';
import { LOG_LEVELS } from '../lifecycle/lifecycle.catalogue.js';
import type { LoggingSettings } from '../lifecycle/lifecycle.logger.js';
import type { MassTimeoutSettings } from '../liveness/mass-timeout.breaker.js';
import type { MetricsSettings } from '../metrics/metrics.settings.js';
import type { FleetStore } from '../fleet/fleet.store.js';
import type { LeakSettings } from '../signals/leak.settings.js';
import { resolveAudit } from './audit.resolver.js';
import { resolveCloseCodes } from './close-codes.resolver.js';
import {
  GATEWAY_OPTION_KEYS,
  resolveConnectionSettings,
  type SharedSettings,
} from './connection.settings.resolver.js';
import { fleetStoreOf } from './fleet.store.resolver.js';
import { OptionReader } from './option.reader.js';

const DEFAULT_KEEP_ALIVE_MS = 30_000;
const KNOWN = [
  ...GATEWAY_OPTION_KEYS,
  'tcpKeepAlive',
  'massTimeout',
  'leak',
  'metrics',
  'drain',
  'proxyIdleTimeoutMs',
  'identify',
  'trustProxy',
  'gateways',
  'closeCodes',
  'logging',
  'fleet',
  'socketIo',
  'audit',
  'clock',
];

/** The options of the module with nothing left open. */
export interface ResolvedOptions {
  /** Settings of a gateway that overrides nothing. */
  readonly defaults: ConnectionSettings;
  /**
   * Settings of a gateway with options of its own.
   * @param where the options stand, for errors
   * @throws ConnectionHealthOptionsError
   */
  readonly settingsFor: (overrides: GatewayHealthOptions, where: string) => ConnectionSettings;
  readonly massTimeout: MassTimeoutSettings | false;
  readonly leak: LeakSettings | false;
  readonly metrics: MetricsSettings | false;
  readonly drain: DrainSettings | false;
  readonly proxyIdleTimeoutMs: number | undefined;
  readonly identify: ConnectionHealthModuleOptions['identify'];
  readonly trustProxy: TrustProxy;
  readonly gateways: 'all' | 'decorated';
  readonly logging: LoggingSettings;
  readonly fleet: FleetStore | undefined;
  readonly socketIo: { readonly mode: 'observe' | 'govern' };
  readonly audit: AuditSettings | false;
  readonly clock: Clock;
}

/**
 * Resolves and validates everything that can be given to the module. Pure.
 *
 * @throws ConnectionHealthOptionsError that names the option, what was expected and what was given
 */
export function resolveOptions(options: ConnectionHealthModuleOptions | undefined): ResolvedOptions {
  const reader = new OptionReader('', options, KNOWN);
  const given: ConnectionHealthModuleOptions = options ?? {};
  const shared: SharedSettings = {
    tcpKeepAlive: tcpKeepAliveOf(given.tcpKeepAlive),
    closeCodes: resolveCloseCodes(given.closeCodes),
  };
  return {
    defaults: resolveConnectionSettings(given, shared),
    settingsFor: (overrides, where) => overridden(given, overrides, shared, where),
    massTimeout: massTimeoutOf(given.massTimeout),
    leak: leakOf(given.leak),
    metrics: metricsOf(given.metrics),
    drain: drainOf(given.drain),
    proxyIdleTimeoutMs:
      given.proxyIdleTimeoutMs === undefined
        ? undefined
        : reader.milliseconds('proxyIdleTimeoutMs', Infinity),
    identify: reader.function('identify'),
    trustProxy: trustProxyOf(reader, given),
    gateways: reader.oneOf('gateways', ['all', 'decorated'], 'all'),
    logging: loggingOf(given.logging),
    fleet: fleetStoreOf(reader),
    socketIo: socketIoOf(given.socketIo),
    audit: resolveAudit(given.audit),
    clock: clockOf(reader, given),
  };
}

function overridden(
  given: ConnectionHealthModuleOptions,
  overrides: GatewayHealthOptions,
  shared: SharedSettings,
  where: string,
): ConnectionSettings {
  const reader = new OptionReader(where, overrides, GATEWAY_OPTION_KEYS);
  const merged: Record<string, unknown> = {};
  for (const key of GATEWAY_OPTION_KEYS) merged[key] = mergedOption(given[key], reader.given(key));
  return resolveConnectionSettings(merged, shared, where);
}

/** An object overrides field by field; `true`, `false` and whatever meets no object override as they are. */
function mergedOption(base: unknown, override: unknown): unknown {
  if (override === undefined) return base;
  if (typeof base !== 'object' || typeof override !== 'object' || override === null) return override;
  const given = Object.fromEntries(Object.entries(override).filter(([, value]) => value !== undefined));
  // A number of the gateway's own must not meet one that was chosen for another interval: derive it anew.
  const derivedAnew =
    'intervalMs' in given && base !== null && 'timeoutMs' in base ? { timeoutMs: undefined } : {};
  return { ...base, ...derivedAnew, ...given };
}

function tcpKeepAliveOf(options: unknown): ConnectionSettings['tcpKeepAlive'] {
  if (options === false) return false;
  const reader = new OptionReader('tcpKeepAlive', options, ['initialDelayMs']);
  return { initialDelayMs: reader.milliseconds('initialDelayMs', DEFAULT_KEEP_ALIVE_MS) };
}

function massTimeoutOf(options: unknown): MassTimeoutSettings | false {
  if (options === false) return false;
  const reader = new OptionReader('massTimeout', options, ['ratio', 'minConnections']);
  return {
    ratio: reader.number('ratio', 0.5, { above: 0, atMost: 1 }),
    minConnections: reader.number('minConnections', 50, { whole: true }),
  };
}

function leakOf(options: unknown): LeakSettings | false {
  if (options === false) return false;
  const reader = new OptionReader('leak', options, [
    'growthPerHour',
    'staleRatio',
    'ghostsPerHour',
    'minSample',
  ]);
  return {
    growthPerHour: reader.number('growthPerHour', 100),
    staleRatio: reader.number('staleRatio', 0.5, { above: 0, atMost: 1 }),
    ghostsPerHour: reader.number('ghostsPerHour', 60),
    minSample: reader.number('minSample', 50, { whole: true }),
  };
}

/** First characters of a metric's name, as Prometheus' data model allows them. */
const METRIC_PREFIX = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;

function metricsOf(options: unknown): MetricsSettings | false {
  if (options === false) return false;
  const reader = new OptionReader('metrics', options, ['registry', 'prefix']);
  const [registry, prefix = ''] = [reader.given('registry'), reader.given('prefix')];
  if (registry !== undefined && !isRegistry(registry))
    return reader.reject('registry', 'a Registry of prom-client', registry);
  if (typeof prefix !== 'string' || !(prefix === '' || METRIC_PREFIX.test(prefix)))
    return reader.reject(
      'prefix',
      'a text of letters, digits, "_" and ":" that begins with no digit',
      prefix,
    );
  return { registry, prefix };
}

/** By shape: the app may have another copy of prom-client. */
function isRegistry(value: unknown): value is Registry {
  const methods = ['registerMetric', 'getSingleMetric', 'metrics'] as const;
  return (
    typeof value === 'object' &&
    value !== null &&
    methods.every((name) => typeof (value as Record<string, unknown>)[name] === 'function')
  );
}

function drainOf(options: unknown): DrainSettings | false {
  if (options === false) return false;
  const known = ['readinessDelayMs', 'spreadMs', 'timeoutMs', 'reconnectSpreadMs'];
  const reader = new OptionReader('drain', options, known);
  const milliseconds = { atLeast: 0, unit: 'milliseconds' };
  return {
    readinessDelayMs: reader.number('readinessDelayMs', 0, milliseconds),
    spreadMs: reader.number('spreadMs', 5_000, milliseconds),
    timeoutMs: reader.number('timeoutMs', 10_000, milliseconds),
    reconnectSpreadMs: reader.number('reconnectSpreadMs', 30_000, milliseconds),
  };
}

function loggingOf(options: unknown): LoggingSettings {
  const reader = new OptionReader('logging', options, ['level', 'maxPerSecond']);
  return {
    level: reader.oneOf('level', [...LOG_LEVELS, 'off'], 'log'),
    maxPerSecond: reader.number('maxPerSecond', 100),
  };
}

function socketIoOf(options: unknown): ResolvedOptions['socketIo'] {
  const reader = new OptionReader('socketIo', options, ['mode']);
  return { mode: reader.oneOf('mode', ['observe', 'govern'], 'observe') };
}

function trustProxyOf(
  reader: OptionReader,
  { trustProxy = false }: ConnectionHealthModuleOptions,
): TrustProxy {
  try {
    compileTrust(trustProxy);
    return trustProxy;
  } catch {
    return reader.reject(
      'trustProxy',
      'a value of Express\' "trust proxy" (boolean, hops, addresses, function)',
      trustProxy,
    );
  }
}

function clockOf(reader: OptionReader, { clock }: ConnectionHealthModuleOptions): Clock {
  if (clock === undefined) return new SystemClock();
  const members = ['monotonic', 'epoch', 'every', 'afterPoll'] as const;
  if (
    typeof clock === 'object' &&
    clock !== null &&
    members.every((name) => typeof clock[name] === 'function')
  )
    return clock;
  return reader.reject('clock', `an object with ${members.join('(), ')}()`, clock);
}
