import type { BackoffSettings } from './backoff.js';
import type { ClientCodec } from './client.codec.js';
import type { HealthyWebSocketOptions } from './client.options.js';
import { jsonCodec } from './json.client.codec.js';
import type { QueueSettings } from './outbox.js';
import type { SocketClass } from './websocket.like.js';

/** The options of a client with nothing left open. */
export interface ResolvedClientOptions extends Pick<
  HealthyWebSocketOptions,
  'authenticate' | 'intervalMs' | 'state'
> {
  readonly WebSocket: SocketClass;
  readonly codec: ClientCodec | false;
  readonly graceMs: number;
  readonly connectTimeoutMs: number;
  readonly backoff: BackoffSettings;
  readonly minUptimeMs: number;
  readonly maxRetries: number;
  readonly reconnect: NonNullable<HealthyWebSocketOptions['reconnect']>;
  readonly queue: QueueSettings;
}

/**
 * Fills defaults. Pure.
 *
 * @throws TypeError for a number that is none, or below 0, and where there is no class of sockets
 */
export function resolveClientOptions(options: HealthyWebSocketOptions): ResolvedClientOptions {
  const { WebSocket } = globalThis as { WebSocket?: SocketClass };
  const defaults = {
    WebSocket,
    codec: jsonCodec,
    intervalMs: undefined,
    graceMs: 5_000,
    connectTimeoutMs: 10_000,
    minUptimeMs: 5_000,
    maxRetries: Infinity,
    reconnect: true,
  };
  const resolved = {
    ...options,
    ...filled(defaults, options),
    backoff: filled({ initialMs: 1_000, maxMs: 30_000 }, options.backoff),
    queue: filled({ maxMessages: 1_000, maxBytes: 1_048_576, drop: 'oldest' }, options.queue),
  };
  if (typeof resolved.WebSocket !== 'function') fail('WebSocket', 'a class', resolved.WebSocket);
  return resolved as unknown as ResolvedClientOptions;
}

/** The defaults with what was given in their place; where a default is a number, a number must be given. */
function filled<Defaults extends object>(defaults: Defaults, given: object = {}): Defaults {
  const values = Object.entries(defaults).map(([name, fallback]) => {
    const value = (given as Record<string, unknown>)[name] ?? fallback;
    const isNumber = typeof value === 'number' && value >= 0;
    if (/Ms$|^max/.test(name) && value !== undefined && !isNumber) fail(name, 'a number from 0', value);
    return [name, value] as const;
  });
  return Object.fromEntries(values) as Defaults;
}

function fail(option: string, expected: string, got: unknown): never {
  throw new TypeError(`HealthyWebSocket: option "${option}": expected ${expected}, got ${String(got)}`);
}
