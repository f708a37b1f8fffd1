import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';

import type { GatewayHealthOptions } from '../../lib/connection-health.options.js';
import type { ConnectionSettings } from '../../lib/connection/connection.settings.js';
import { areSame, mergeSettings } from '../../lib/gateway/settings.merger.js';
import { resolveOptions } from '../../lib/options/options.resolver.js';

const WHERE = '@ConnectionHealth() on ChatGateway';

function settings(options: GatewayHealthOptions): ConnectionSettings {
  return resolveOptions(options).defaults;
}

describe('a gateway’s own options', () => {
  it.each<[string, GatewayHealthOptions, GatewayHealthOptions, object]>([
    ['nothing', { heartbeat: { intervalMs: 10_000 } }, {}, { heartbeat: { intervalMs: 10_000 } }],
    [
      'field by field',
      { heartbeat: { maxMissed: 3, enforce: 'observe' } },
      { heartbeat: { intervalMs: 5_000 } },
      { heartbeat: { intervalMs: 5_000, maxMissed: 3, enforce: 'observe', timeoutMs: 3_333 } },
    ],
    [
      'a timeout that was chosen for another interval is derived anew',
      { heartbeat: { intervalMs: 30_000, timeoutMs: 25_000 } },
      { heartbeat: { intervalMs: 5_000 } },
      { heartbeat: { intervalMs: 5_000, timeoutMs: 3_333 } },
    ],
    [
      'a timeout of its own for the module’s interval',
      { heartbeat: { intervalMs: 10_000 } },
      { heartbeat: { timeoutMs: 1_000 } },
      { heartbeat: { intervalMs: 10_000, timeoutMs: 1_000 } },
    ],
    [
      'off where the module is on',
      {},
      { heartbeat: false },
      { heartbeat: false, protocolPing: { intervalMs: 30_000 } },
    ],
    [
      'on where the module is off',
      { heartbeat: false },
      { heartbeat: { maxMissed: 2 } },
      { heartbeat: { maxMissed: 2 } },
    ],
    [
      'pings',
      { protocolPing: { intervalMs: 5_000 } },
      { protocolPing: true },
      { protocolPing: { intervalMs: undefined } },
    ],
    [
      'a sweep',
      { sweep: { mode: 'observe' } },
      { sweep: { closeTimeoutMs: 9 } },
      { sweep: { mode: 'observe' }, closeTimeoutMs: 9 },
    ],
    [
      'progress',
      { progress: { maxExtraMs: 1 } },
      { progress: { maxMessageMs: 2 } },
      { progress: { maxExtraMs: 1, maxMessageMs: 2 } },
    ],
    [
      'what is given as undefined is not given',
      { heartbeat: { intervalMs: 10_000, timeoutMs: 9_000 } },
      { heartbeat: { intervalMs: undefined, maxMissed: 2 } },
      { heartbeat: { intervalMs: 10_000, timeoutMs: 9_000, maxMissed: 2 } },
    ],
  ])('override the module’s: %s', (_what, module, own, result) => {
    expect(resolveOptions(module).settingsFor(own, WHERE)).toMatchObject(result);
  });

  it.each<[unknown, string]>([
    [{ trustProxy: true }, `${WHERE}.trustProxy`],
    [{ heartbeat: { intervalMs: 'x' } }, `${WHERE}: heartbeat.intervalMs`],
    [{ sweep: { staleAfterMs: 1 } }, `${WHERE}: sweep.staleAfterMs`],
    [5, WHERE],
  ])('stop the boot with the gateway’s name: %j', (own, option) => {
    const resolved = resolveOptions({});
    expect(() => resolved.settingsFor(own as never, WHERE)).toThrow(
      expect.objectContaining({ option }) as unknown as Error,
    );
  });
});

const anyOptions: fc.Arbitrary<GatewayHealthOptions> = fc
  .record({
    heartbeat: fc.option(
      fc.record({
        intervalMs: fc.integer({ min: 20, max: 100_000 }),
        maxMissed: fc.integer({ min: 1, max: 5 }),
        enforce: fc.constantFrom('always', 'negotiated', 'observe'),
      }),
      { nil: false as const },
    ),
    protocolPing: fc.oneof(
      fc.constant(true),
      fc.record({ intervalMs: fc.integer({ min: 20, max: 100_000 }) }),
    ),
    sweep: fc.option(
      fc.record({
        mode: fc.constantFrom('enforce', 'observe'),
        closeTimeoutMs: fc.integer({ min: 1, max: 9_000 }),
      }),
      { nil: false as const },
    ),
    progress: fc.record({ minBytesPerSecond: fc.integer({ min: 1, max: 999 }) }),
  })
  .map((options) => options as GatewayHealthOptions);

describe('two gateways on one server (section 7)', () => {
  it('take the smaller number, on before off, strict before lenient', () => {
    const merged = mergeSettings(
      settings({
        heartbeat: { intervalMs: 10_000, timeoutMs: 9_000, enforce: 'observe', maxMissed: 2 },
        sweep: { mode: 'observe', closeTimeoutMs: 4_000 },
        protocolPing: { intervalMs: 7_000 },
      }),
      settings({
        heartbeat: { intervalMs: 20_000, timeoutMs: 5_000, enforce: 'negotiated', maxMissed: 3 },
        sweep: { closeTimeoutMs: 6_000 },
        protocolPing: { intervalMs: 8_000 },
      }),
    );
    expect(merged).toMatchObject({
      heartbeat: { intervalMs: 10_000, timeoutMs: 5_000, enforce: 'negotiated', maxMissed: 2 },
      sweep: { mode: 'enforce', closeTimeoutMs: 4_000, intervalMs: 20_000 },
      protocolPing: { intervalMs: 7_000 },
      closeTimeoutMs: 4_000,
    });
  });

  it('close the slow reader where one of them does, at the smaller limit', () => {
    const { backpressure } = mergeSettings(
      settings({ backpressure: { maxBufferedBytes: 10, maxAgeMs: 2_000 } }),
      settings({ backpressure: { maxBufferedBytes: 20, maxAgeMs: 1_000, action: 'close' } }),
    );
    expect(backpressure).toEqual({ maxBufferedBytes: 10, maxAgeMs: 1_000, action: 'close' });
  });

  it('are watched where only one wants to be', () => {
    const off = settings({ heartbeat: false, protocolPing: false, sweep: false });
    const on = settings({});
    for (const merged of [mergeSettings(off, on), mergeSettings(on, off)]) {
      expect(merged).toMatchObject({
        heartbeat: on.heartbeat,
        protocolPing: on.protocolPing,
        sweep: on.sweep,
      });
    }
    expect(mergeSettings(off, off)).toMatchObject({ heartbeat: false, protocolPing: false, sweep: false });
  });

  it('do not find stale whom they have had no time to ask', () => {
    const slow = settings({ heartbeat: { intervalMs: 100_000 }, sweep: false });
    const quick = settings({ heartbeat: false, protocolPing: { intervalMs: 1_000 } });
    const { heartbeat, sweep } = mergeSettings(slow, quick);
    expect(heartbeat).toMatchObject({ intervalMs: 100_000 });
    expect(sweep && sweep.staleAfterMs).toBeGreaterThan(100_000 + 66_667);
  });

  it('agree whoever comes first, and change nothing where they want the same', () => {
    fc.assert(
      fc.property(anyOptions, anyOptions, (one, other) => {
        const merged = mergeSettings(settings(one), settings(other));
        expect(mergeSettings(settings(other), settings(one))).toEqual(merged);
        expect(mergeSettings(settings(one), settings(one))).toEqual(settings(one));
        const { heartbeat, sweep } = merged;
        if (heartbeat === false) return;
        expect(heartbeat.timeoutMs).toBeLessThan(heartbeat.intervalMs);
        if (sweep === false) return;
        expect(sweep.staleAfterMs).toBeGreaterThan(
          heartbeat.maxMissed * heartbeat.intervalMs + heartbeat.timeoutMs,
        );
      }),
      { numRuns: 1_000 },
    );
  });

  it('are told apart by what they ask for, whatever their codec holds', () => {
    expect(areSame(settings({}), settings({ heartbeat: { intervalMs: 30_000 } }))).toBe(true);
    expect(areSame(settings({}), settings({ heartbeat: { intervalMs: 10_000 } }))).toBe(false);
    const codec = { name: 'own', recognise: () => undefined, encode: () => '', self: {} };
    codec.self = codec;
    expect(areSame(settings({ heartbeat: { codec } }), settings({ heartbeat: { codec } }))).toBe(true);
  });
});
