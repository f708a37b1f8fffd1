import { describe, expect, it } from '@jest/globals';

import type { HealthyWebSocketOptions } from '../../lib/client/client.options.js';
import { resolveClientOptions } from '../../lib/client/client.options.resolver.js';
import { FakeSocket } from '../client/support/fake.socket.js';

describe('the options of the client', () => {
  it.each<[HealthyWebSocketOptions, string]>([
    [{ graceMs: -1 }, 'option "graceMs": expected a number from 0, got -1'],
    [{ intervalMs: NaN }, 'option "intervalMs": expected a number from 0, got NaN'],
    [{ minUptimeMs: '100' as never }, 'option "minUptimeMs": expected a number from 0, got 100'],
    [{ backoff: { maxMs: -5 } }, 'option "maxMs": expected a number from 0, got -5'],
    [{ queue: { maxBytes: -5 } }, 'option "maxBytes": expected a number from 0, got -5'],
    [{ maxRetries: -1 }, 'option "maxRetries": expected a number from 0, got -1'],
    [{ WebSocket: 'ws' as never }, 'option "WebSocket": expected a class, got ws'],
  ])('refuses %j with a sentence', (options, sentence) => {
    expect(() => resolveClientOptions({ WebSocket: FakeSocket, ...options })).toThrow(
      new TypeError(`HealthyWebSocket: ${sentence}`),
    );
  });

  it('are what was given, and the defaults where nothing was', () => {
    const options = { WebSocket: FakeSocket, graceMs: 0, maxRetries: undefined, state: String };
    expect(
      resolveClientOptions({ ...options, backoff: { maxMs: 7 }, queue: { drop: 'newest' } }),
    ).toMatchObject({
      WebSocket: FakeSocket,
      state: String,
      graceMs: 0,
      maxRetries: Infinity,
      minUptimeMs: 5_000,
      backoff: { initialMs: 1_000, maxMs: 7 },
      queue: { maxMessages: 1_000, maxBytes: 1_048_576, drop: 'newest' },
    });
  });
});
