import { describe, expect, it } from '@jest/globals';

import type { TestApp } from '../../support/app.js';
import { useApps } from '../../support/apps.js';
import { sleep, until } from '../../support/wait.js';
import { useProxies, type ProxyName } from '../lab.js';
import { foundLimit, VISITORS, visitors } from './idle.visitors.js';
import { OursGateway } from './servers/holding.gateway.js';

/** The finding takes no limit below ten seconds for one. */
const LIMIT_MS = 11_000;
const COMES_EVERY_MS = 3_000;
const FOUND_WITHIN_MS = 40_000;

describe('the finding idle_cut', () => {
  const startProxy = useProxies();
  const start = useApps();

  async function behind(name: ProxyName, intervalMs: number): Promise<{ running: TestApp; url: string }> {
    const running = await start([OursGateway], { heartbeat: { intervalMs } });
    const backend = { port: Number(new URL(running.url).port) };
    const proxy = await startProxy(name, { backend, idleTimeoutMs: LIMIT_MS });
    return { running, url: proxy.url('/ours') };
  }

  /** Heartbeats a minute apart, behind a proxy that waits for eleven seconds. */
  async function expectNamed(name: ProxyName): Promise<void> {
    const { running, url } = await behind(name, 60_000);
    await visitors(url, COMES_EVERY_MS);
    await until(`the limit of ${name} is found`, () => foundLimit(running) !== undefined, FOUND_WITHIN_MS);
    const { severity, message, next_step } = foundLimit(running)!;
    expect({ name, severity }).toEqual({ name, severity: 'warning' });
    expect(message).toMatch(/ had been silent in both directions for (10\.9|11|11\.[0-3]) s: /);
    expect(message).toMatch(/ with a limit of about (10\.9|11|11\.[0-3]) s$/);
    expect(next_step).toContain('to at most 5000,');
  }

  /** Heartbeats keep everybody; clients go without a close frame whenever it pleases them. */
  async function expectNothing(name: ProxyName): Promise<void> {
    const { running, url } = await behind(name, LIMIT_MS / 3);
    await visitors(url, COMES_EVERY_MS, (number) => LIMIT_MS + (number % 5) * 900);
    await until('all are gone', () => running.eventsOf('closed').length === VISITORS);
    // Once more is looked, with all of them.
    await sleep(LIMIT_MS);
    const codes = running.eventsOf('closed').map(({ code }) => code);
    expect(codes).toEqual(codes.map(() => 1006));
    expect(running.service.snapshot().findings).toEqual([]);
  }

  it('names the true limit of proxies that cut idle connections, and nothing where heartbeats keep them', async () => {
    await Promise.all([
      ...(['nginx', 'haproxy', 'apache-http'] as const).map(expectNamed),
      ...(['nginx', 'haproxy'] as const).map(expectNothing),
    ]);
  }, 120_000);
});
