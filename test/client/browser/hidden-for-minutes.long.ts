import { describe, expect, it, jest } from '@jest/globals';

import { sleep } from '../../support/wait.js';
import { answered, expectStayed } from './agreement.js';
import { useBrowser } from './browser.stage.js';
import { has } from './tab.js';

jest.setTimeout(900_000);

/** Chromium begins after five minutes; here after ten seconds. From then on timers run once a minute. */
const ONCE_A_MINUTE = '--enable-features=IntensiveWakeUpThrottling:grace_period_seconds/10';
const MINUTE_MS = 60_000;
const HEARTBEAT = { intervalMs: 5_000, timeoutMs: 3_000 };
const CLIENT = { graceMs: 2_000, connectTimeoutMs: 5_000 };

describe('a page that has been hidden for minutes', () => {
  const stage = useBrowser(ONCE_A_MINUTE);

  it('is not misled by timers that run once a minute, and still finds out that its server is gone', async () => {
    const server = await stage.server({ heartbeat: HEARTBEAT });
    const tab = await stage.connected(server, CLIENT);
    await answered(server);
    await stage.tab('/elsewhere');
    await tab.until('it is hidden', ({ visibility }) => visibility === 'hidden');
    await tab.run(`{
      let last = performance.now();
      const tick = () => {
        witness.longestMs = Math.max(witness.longestMs ?? 0, performance.now() - last);
        last = performance.now();
        setTimeout(tick, 100);
      };
      tick();
    }`);
    await sleep(4 * MINUTE_MS);
    expect(await tab.run<number>('witness.longestMs')).toBeGreaterThan(0.9 * MINUTE_MS);
    await expectStayed(server, tab);

    const stoppedAt = Date.now();
    server.stop();
    const { events } = await tab.until('it has noticed', has('close'), 8 * MINUTE_MS);
    // One look, three questions, and a last part: each may be a minute late (measured: 275 s).
    const noticedMs = events.find(({ type }) => type === 'close')!.at - stoppedAt;
    expect(noticedMs).toBeLessThan(6 * MINUTE_MS);
    server.continue();
    await tab.page.bringToFront();
    await tab.until('it is back', has('open', 2), 20_000);
  });
});
