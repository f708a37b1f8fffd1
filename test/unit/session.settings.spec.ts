import { describe, expect, it } from '@jest/globals';

import type { ConnectionHealthModuleOptions } from '../../lib/connection-health.options.js';
import { sessionSettings, type SessionMode } from '../../lib/gateway/session.settings.js';
import { resolveOptions } from '../../lib/options/options.resolver.js';

const OWN = { intervalMs: 25_000, timeoutMs: 20_000 };

function settle(
  mode: SessionMode,
  options: ConnectionHealthModuleOptions = {},
  own: Parameters<typeof sessionSettings>[0] = OWN,
): ReturnType<typeof sessionSettings> {
  return sessionSettings(own, resolveOptions(options).defaults, mode);
}

describe('what holds on a server whose library has a heartbeat of its own', () => {
  it("observed: the library's interval and timeout, and nothing of the module's heartbeat", () => {
    const options = { heartbeat: { intervalMs: 1_000, maxMissed: 3, enforce: 'observe' } } as const;
    const { settings, warnings } = settle('observe', options);
    expect(settings.heartbeat).toMatchObject({
      ...OWN,
      maxMissed: 1,
      enforce: 'always',
      isTransports: true,
      codec: { name: 'engine.io' },
    });
    expect(warnings).toEqual([]);
  });

  it("observed: a heartbeat that the options switch off is still the library's", () => {
    expect(settle('observe', { heartbeat: false }).settings.heartbeat).toMatchObject(OWN);
  });

  it('nobody is stale whom the library has had no time to ask', () => {
    const { sweep } = settle('observe', { heartbeat: { intervalMs: 1_000 } }).settings;
    expect(sweep).toMatchObject({ intervalMs: 2_000, staleAfterMs: 75_000 });
    expect(settle('observe').settings.sweep).toMatchObject({ staleAfterMs: 90_000 });
    expect(settle('observe', { sweep: false }).settings.sweep).toBe(false);
  });

  it("governed: the module's, with the library's ping", () => {
    const options = { heartbeat: { intervalMs: 10_000, timeoutMs: 4_000, maxMissed: 2 } };
    const { settings, warnings } = settle('govern', options);
    expect(settings.heartbeat).toMatchObject({
      intervalMs: 10_000,
      timeoutMs: 4_000,
      maxMissed: 2,
      codec: { name: 'engine.io' },
    });
    expect(settings.heartbeat).not.toHaveProperty('isTransports');
    expect(warnings).toEqual([]);
  });

  it('governed: never less often than the clients were told, in silence where nobody has chosen', () => {
    const chosen = settle('govern', { heartbeat: { intervalMs: 60_000 } });
    expect(chosen.settings.heartbeat).toMatchObject({ intervalMs: 25_000, timeoutMs: 16_667 });
    expect(chosen.warnings).toEqual([expect.stringContaining('expect a ping every 25000 ms')]);
    const unchosen = settle('govern');
    expect(unchosen.settings.heartbeat).toMatchObject({ intervalMs: 25_000, timeoutMs: 20_000 });
    expect(unchosen.warnings).toEqual([]);
  });

  it('governed: without heartbeats there is nothing to govern with', () => {
    const { settings, warnings } = settle('govern', { heartbeat: false });
    expect(settings.heartbeat).toMatchObject({ ...OWN, isTransports: true });
    expect(warnings).toEqual([expect.stringContaining('heartbeat is false')]);
  });

  it('governed: clients that ask by themselves have the time that the library gives them', () => {
    const options = { heartbeat: { intervalMs: 1_000 } };
    const staleAfterMs = (own: Parameters<typeof sessionSettings>[0]): number => {
      const { sweep } = settle('govern', options, own).settings;
      return sweep === false ? 0 : sweep.staleAfterMs;
    };
    expect(staleAfterMs(OWN)).toBe(3_000);
    expect(staleAfterMs({ ...OWN, clientsMayAsk: true })).toBeGreaterThan(45_000);
  });
});
