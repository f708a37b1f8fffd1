import { describe, expect, it } from '@jest/globals';

import { useProxies } from '../proxy-lab/lab.js';
import { foundLimit, visitors } from '../proxy-lab/proof/idle.visitors.js';
import { OursGateway } from '../proxy-lab/proof/servers/holding.gateway.js';
import { describeProof } from '../proxy-lab/proof/use-proof.js';
import { useApps } from '../support/apps.js';
import { until } from '../support/wait.js';

const MINUTE_MS = 60_000;

describe('the same crowd, at the same app, on every way, with default settings', () => {
  describeProof(
    {
      options: {},
      // The bound (50.25 s), one more question where the verdicts are held, the grace period, and slack.
      watchMs: 80_000,
    },
    { intervalMs: 30_000, timeoutMs: 20_000, tickMs: 250, closeTimeoutMs: 5_000, slackMs: 2_000 },
    5 * MINUTE_MS,
  );
});

describe('the finding idle_cut, behind the default of nginx', () => {
  const start = useApps();
  const startProxy = useProxies();

  it(
    'names it where heartbeats are further apart than its limit is long',
    async () => {
      const running = await start([OursGateway], { heartbeat: { intervalMs: 5 * MINUTE_MS } });
      const backend = { port: Number(new URL(running.url).port) };
      const proxy = await startProxy('nginx', { backend, idleTimeoutMs: MINUTE_MS });
      await visitors(proxy.url('/ours'), 4_000);
      await until('the limit is found', () => foundLimit(running) !== undefined, 2 * MINUTE_MS);
      expect(foundLimit(running)!.message).toContain(
        'a limit of 60 s: the default of nginx (proxy_read_timeout) and of AWS ALB',
      );
      expect(foundLimit(running)!.next_step).toContain('to at most 30000,');
    },
    5 * MINUTE_MS,
  );
});
