import { ConnectionHealthArgumentError } from '../connection-health.errors.js';

/** When a process is to get no new clients. All optional. */
export interface ReadinessThresholds {
  /** More connections than this are `down`: over capacity. A whole number from 1. @default none */
  maxConnections?: number;
  /** More connections than this are `degraded`. Below `maxConnections`. @default none */
  degradedConnections?: number;
  /** `false` reports a proven leak as `degraded`, as a suspected one. @default true */
  failOnLeak?: boolean;
}

/** Thresholds with nothing left open. */
export interface ReadinessLimits {
  readonly maxConnections: number;
  readonly degradedConnections: number;
  readonly failOnLeak: boolean;
}

const KNOWN = ['maxConnections', 'degradedConnections', 'failOnLeak'];

/**
 * Fills defaults and rejects nonsense. Pure.
 *
 * @throws ConnectionHealthArgumentError that names the threshold, what was expected and what was given
 */
export function resolveThresholds(thresholds: ReadinessThresholds): ReadinessLimits {
  if (typeof thresholds !== 'object' || thresholds === null || Array.isArray(thresholds))
    throw new ConnectionHealthArgumentError('isReady(): thresholds', 'an object', thresholds);
  const unknown = Object.keys(thresholds).find((key) => !KNOWN.includes(key));
  if (unknown !== undefined) reject(unknown, `one of ${KNOWN.join(', ')}`, unknown);
  const { failOnLeak = true } = thresholds;
  if (typeof failOnLeak !== 'boolean') reject('failOnLeak', 'true or false', failOnLeak);
  const maxConnections = countOf(thresholds, 'maxConnections');
  const degradedConnections = countOf(thresholds, 'degradedConnections');
  if (
    maxConnections !== Infinity &&
    degradedConnections !== Infinity &&
    degradedConnections >= maxConnections
  )
    reject('degradedConnections', `a number below maxConnections (${maxConnections})`, degradedConnections);
  return { maxConnections, degradedConnections, failOnLeak };
}

function countOf(thresholds: ReadinessThresholds, name: 'maxConnections' | 'degradedConnections'): number {
  const { [name]: count = Infinity } = thresholds;
  if (count !== Infinity && !(Number.isInteger(count) && count >= 1))
    reject(name, 'a whole number from 1', count);
  return count;
}

function reject(name: string, expected: string, got: unknown): never {
  throw new ConnectionHealthArgumentError(`isReady(): thresholds.${name}`, expected, got);
}
