import { isDeepStrictEqual } from 'node:util';

import type { ConnectionSettings, Enforcement } from '../connection/connection.settings.js';

const STRICTEST_FIRST: readonly Enforcement[] = ['always', 'negotiated', 'observe'];

/**
 * What holds on a server that two gateways share with different options: the smaller number, on before off, strict
 * before lenient. Pure. Their codecs must be the same.
 */
export function mergeSettings(one: ConnectionSettings, other: ConnectionSettings): ConnectionSettings {
  const settings: ConnectionSettings = {
    ...one,
    heartbeat: merged(one.heartbeat, other.heartbeat, (a, b) => ({
      ...smaller(a, b),
      enforce: STRICTEST_FIRST.find((enforce) => enforce === a.enforce || enforce === b.enforce)!,
    })),
    protocolPing: merged(one.protocolPing, other.protocolPing, smaller),
    sweep: merged(one.sweep, other.sweep, (a, b) => ({
      ...smaller(a, b),
      mode: a.mode === 'enforce' || b.mode === 'enforce' ? 'enforce' : 'observe',
    })),
    progress: smaller(one.progress, other.progress),
    backpressure: merged(one.backpressure, other.backpressure, (a, b) => ({
      ...smaller(a, b),
      action: a.action === 'close' || b.action === 'close' ? 'close' : 'report',
    })),
    closeTimeoutMs: Math.min(one.closeTimeoutMs, other.closeTimeoutMs),
  };
  return { ...settings, sweep: withinReason(settings) };
}

/** One gateway's sweep must not find stale whom the other's heartbeat has not had time to ask. */
function withinReason({ heartbeat, sweep }: ConnectionSettings): ConnectionSettings['sweep'] {
  if (heartbeat === false || sweep === false) return sweep;
  const { intervalMs, timeoutMs, maxMissed } = heartbeat;
  const isTooSoon = sweep.staleAfterMs <= maxMissed * intervalMs + timeoutMs;
  return isTooSoon ? { ...sweep, staleAfterMs: (maxMissed + 2) * intervalMs } : sweep;
}

/** Whether two gateways ask for the same. */
export function areSame(one: ConnectionSettings, other: ConnectionSettings): boolean {
  return isDeepStrictEqual(comparable(one), comparable(other));
}

/** A codec is told by its name: what else it holds is its own. */
function comparable(settings: ConnectionSettings): object {
  const { heartbeat } = settings;
  return heartbeat === false
    ? settings
    : { ...settings, heartbeat: { ...heartbeat, codec: heartbeat.codec.name } };
}

function merged<Part>(
  one: Part | false,
  other: Part | false,
  both: (one: Part, other: Part) => Part,
): Part | false {
  if (one === false) return other;
  return other === false ? one : both(one, other);
}

/** Number by number, the smaller; everything else from the first. */
function smaller<Part extends object>(one: Part, other: Part): Part {
  const entries = Object.entries(one).map(([key, value]) => {
    const rival: unknown = (other as Record<string, unknown>)[key];
    if (typeof value !== 'number') return [key, value ?? rival];
    return [key, typeof rival === 'number' ? Math.min(value, rival) : value];
  });
  return Object.fromEntries(entries) as Part;
}
