import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';

import { SystemClock } from '../../lib/clock/clock.js';
import { resolveOptions } from '../../lib/options/options.resolver.js';
import type { HeartbeatCodec } from '../../lib/protocol/heartbeat.codec.js';
import { JsonCodec } from '../../lib/protocol/json.codec.js';

/** Resolves options as somebody without TypeScript may have written them. */
function resolve(options?: unknown) {
  return resolveOptions(options as never);
}

/** The table of the design, section 7, in milliseconds. */
const DEFAULTS = {
  heartbeat: {
    intervalMs: 30_000,
    timeoutMs: 20_000,
    maxMissed: 1,
    enforce: 'always',
    codec: expect.any(JsonCodec) as unknown,
    maxPerInterval: 20,
  },
  protocolPing: { intervalMs: undefined },
  tcpKeepAlive: { initialDelayMs: 30_000 },
  sweep: { intervalMs: 60_000, staleAfterMs: 90_000, closeTimeoutMs: 5_000, mode: 'enforce' },
  progress: {
    minBytesPerSecond: 64,
    maxMessageMs: 600_000,
    minDrainBytesPerSecond: 32_768,
    maxExtraMs: 60_000,
  },
  backpressure: { maxBufferedBytes: 1_048_576, maxAgeMs: 30_000, action: 'report' },
  closeTimeoutMs: 5_000,
};

describe('resolveOptions', () => {
  it.each([[undefined], [{}], [{ heartbeat: {}, sweep: {}, progress: {}, logging: {}, closeCodes: {} }]])(
    'fills the defaults of the design: %j',
    (options) => {
      const { defaults, ...rest } = resolve(options);
      expect(defaults).toMatchObject(DEFAULTS);
      expect(rest).toMatchObject({
        proxyIdleTimeoutMs: undefined,
        identify: undefined,
        gateways: 'all',
        massTimeout: { ratio: 0.5, minConnections: 50 },
        drain: { readinessDelayMs: 0, spreadMs: 5_000, timeoutMs: 10_000, reconnectSpreadMs: 30_000 },
        logging: { level: 'log', maxPerSecond: 100 },
        clock: expect.any(SystemClock) as unknown,
      });
    },
  );

  it.each<[string, object, object]>([
    [
      'one interval',
      { heartbeat: { intervalMs: 10_000 } },
      { heartbeat: { timeoutMs: 6_667 }, sweep: { intervalMs: 20_000, staleAfterMs: 30_000 } },
    ],
    [
      'an interval and many misses',
      { heartbeat: { intervalMs: 10_000, maxMissed: 5 } },
      { sweep: { intervalMs: 20_000, staleAfterMs: 50_000 + 6_667 + 250 } },
    ],
    [
      'a short interval: its tick is short as well',
      { heartbeat: { intervalMs: 100, timeoutMs: 90, maxMissed: 3 } },
      { sweep: { intervalMs: 200, staleAfterMs: 300 + 90 + 10 } },
    ],
    [
      'no heartbeats: life by protocol pings',
      { heartbeat: false },
      {
        heartbeat: false,
        protocolPing: { intervalMs: 30_000 },
        sweep: { intervalMs: 60_000, staleAfterMs: 90_000 },
      },
    ],
    [
      'no heartbeats and an interval for the pings',
      { heartbeat: false, protocolPing: { intervalMs: 5_000 } },
      { protocolPing: { intervalMs: 5_000 }, sweep: { intervalMs: 10_000, staleAfterMs: 15_000 } },
    ],
    [
      'pings beside the heartbeats',
      { protocolPing: { intervalMs: 5_000 } },
      { protocolPing: { intervalMs: 5_000 } },
    ],
    ['pings with them, said so', { protocolPing: true }, { protocolPing: { intervalMs: undefined } }],
    ['no pings', { protocolPing: false }, { protocolPing: false }],
    ['no sweep', { sweep: false }, { sweep: false, closeTimeoutMs: 5_000 }],
    [
      'its own time to close',
      { sweep: { closeTimeoutMs: 99 } },
      { sweep: { closeTimeoutMs: 99 }, closeTimeoutMs: 99 },
    ],
    ['no look at what piles up', { backpressure: false }, { backpressure: false }],
    ['no keepalive', { tcpKeepAlive: false }, { tcpKeepAlive: false }],
    [
      'nothing asked, only observed',
      { heartbeat: false, protocolPing: false, sweep: { mode: 'observe' } },
      { heartbeat: false, protocolPing: false, sweep: { mode: 'observe' } },
    ],
  ])('derives the rest from %s', (_what, options, derived) => {
    expect(resolve(options).defaults).toMatchObject(derived);
  });

  it('accepts any one interval and derives what fits together', () => {
    const given = fc.record({
      intervalMs: fc.integer({ min: 10, max: 1e9 }),
      maxMissed: fc.integer({ min: 1, max: 20 }),
    });
    fc.assert(
      fc.property(given, (heartbeat) => {
        const { defaults } = resolve({ heartbeat });
        const { intervalMs, timeoutMs, maxMissed } = defaults.heartbeat || DEFAULTS.heartbeat;
        const sweep = defaults.sweep || DEFAULTS.sweep;
        expect(timeoutMs).toBeLessThan(intervalMs);
        expect(timeoutMs).toBeGreaterThan(0);
        expect(sweep.staleAfterMs).toBeGreaterThan(maxMissed * intervalMs + timeoutMs);
      }),
    );
  });

  it.each([
    ['json', 30_000],
    ['nest', 30_000],
    ['phoenix', 30_000],
    ['signalr', 15_000],
    ['graphql-ws', 30_000],
  ] as const)(
    'knows the codec %s by its name, and asks each %i ms where nothing else is said',
    (codec, intervalMs) => {
      const { heartbeat, sweep } = resolve({ heartbeat: { codec } }).defaults;
      expect(heartbeat).toMatchObject({
        codec: { name: codec },
        intervalMs,
        timeoutMs: (intervalMs * 2) / 3,
      });
      expect(sweep).toMatchObject({ intervalMs: 2 * intervalMs, staleAfterMs: 3 * intervalMs });
    },
  );

  it('prefers the interval that was given to the one of the codec', () => {
    const options = { heartbeat: { intervalMs: 9_000 } };
    const settings = resolveOptions(options).settingsFor({ heartbeat: { codec: 'signalr' } }, 'here');
    expect(settings.heartbeat).toMatchObject({
      codec: { name: 'signalr' },
      intervalMs: 9_000,
      timeoutMs: 6_000,
    });
  });

  it.each<[string, Partial<HeartbeatCodec>]>([
    ['whose clients ask', { asks: 'client', encode: () => undefined }],
    ['that must know the dialect first', { opening: () => undefined, encode: () => undefined }],
    ['that cannot do without the dialect', { opening: () => undefined, encode: (_, key) => key!.trim() }],
    ['of bytes', { encode: ({ type }) => Buffer.from(type) }],
  ])('takes a codec %s, with nothing to ask with at boot', (_what, parts) => {
    const codec = { name: 'own', recognise: () => undefined, encode: () => '', ...parts };
    expect(resolve({ heartbeat: { codec } }).defaults.heartbeat).toMatchObject({ codec });
  });

  it('takes a codec, a clock and functions of the app as they are', () => {
    const codec = { name: 'own', recognise: () => undefined, encode: () => '' };
    const clock = {
      monotonic: () => 0,
      epoch: () => 0,
      every: () => () => undefined,
      afterPoll: () => undefined,
    };
    const identify = Object;
    const resolved = resolve({ heartbeat: { codec }, clock, identify });
    expect(resolved.defaults.heartbeat).toMatchObject({ codec });
    expect(resolved.clock).toBe(clock);
    expect(resolved.identify).toBe(identify);
  });

  it('is pure: it leaves what it was given alone', () => {
    const options = Object.freeze({
      heartbeat: Object.freeze({ intervalMs: 10_000 }),
      closeCodes: Object.freeze({}),
    });
    expect(resolve(options).defaults).toEqual(resolve(options).defaults);
    expect(options).toEqual({ heartbeat: { intervalMs: 10_000 }, closeCodes: {} });
  });
});
