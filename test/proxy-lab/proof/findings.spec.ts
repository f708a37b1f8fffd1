import { afterEach, describe, expect, it } from '@jest/globals';
import type { Finding } from 'nestjs-connection-health';

import type { TestApp } from '../../support/app.js';
import { useApps } from '../../support/apps.js';
import { sleep, until } from '../../support/wait.js';
import { nameOf, useProxies, type LabRow } from '../lab.js';
import { CrowdProcess, type Place } from './crowd/crowd.process.js';
import { OursGateway } from './servers/holding.gateway.js';

type Way = Pick<LabRow, 'name' | 'behaviour'>;

const GHOSTS = 6;
const LIVING = 12;
/** Findings are looked for every ten seconds. */
const LOOKED_MS = 11_000;
const TERMINATING: readonly Way[] = [
  { name: 'lua', behaviour: 'ok' },
  { name: 'node', behaviour: 'ok' },
];
const LEAKING: readonly Way[] = [
  { name: 'lua', behaviour: 'ghost' },
  { name: 'node', behaviour: 'ghost' },
];
const TRANSPARENT: readonly Way[] = [
  { name: 'nginx' },
  { name: 'haproxy' },
  { name: 'lua', behaviour: 'forward' },
  { name: 'lua', behaviour: 'drop' },
];

describe('the finding ghosts_behind_terminating_proxy', () => {
  const startProxy = useProxies();
  const processes: CrowdProcess[] = [];
  afterEach(async () => {
    await Promise.all(processes.splice(0).map((process) => process.end()));
  });
  const start = useApps();

  /** An app of its own behind each proxy: findings are about a whole process. */
  async function appBehind({ name, behaviour }: Way): Promise<{ running: TestApp; url: string }> {
    const running = await start([OursGateway], {
      heartbeat: { intervalMs: 1_500, timeoutMs: 1_200 },
      sweep: { closeTimeoutMs: 300 },
    });
    const backend = { port: Number(new URL(running.url).port) };
    const proxy = await startProxy(name, { backend, ...(behaviour === undefined ? {} : { behaviour }) });
    return { running, url: proxy.url('/ours') };
  }

  async function crowdAt(urls: readonly string[], each: number): Promise<CrowdProcess> {
    const crowd = CrowdProcess.start();
    processes.push(crowd);
    const places = urls.flatMap((url) => Array.from({ length: each }, (): Place => ({ who: 'nobody', url })));
    await crowd.connect(places);
    return crowd;
  }

  it('is raised behind each proxy that answers for the dead, and behind no other', async () => {
    const [terminating, leaking, transparent] = await Promise.all(
      [TERMINATING, LEAKING, TRANSPARENT].map((ways) => Promise.all(ways.map(appBehind))),
    );
    const healthy = await Promise.all([...TERMINATING, ...TRANSPARENT].map(appBehind));
    const urls = (ways: typeof healthy): string[] => ways.map(({ url }) => url);
    await crowdAt(urls([...terminating!, ...leaking!, ...transparent!, ...healthy]), LIVING);
    const stopped = await crowdAt(urls([...terminating!, ...transparent!]), GHOSTS);
    const killed = await crowdAt(urls(leaking!), GHOSTS);
    // Only of clients that have answered before is it known that they speak heartbeats.
    for (const { running } of [...terminating!, ...leaking!, ...transparent!])
      await until('everybody has answered', () => everybodyHasAnswered(running), 20_000);
    stopped.signal('SIGSTOP');
    killed.signal('SIGKILL');
    for (const { running } of [...terminating!, ...leaking!, ...transparent!])
      await until('its ghosts are found', () => ghostsOf(running) === GHOSTS, 20_000);
    await sleep(LOOKED_MS);
    for (const [index, { running }] of [...terminating!, ...leaking!].entries()) {
      const way = nameOf([...TERMINATING, ...LEAKING][index]!);
      expect({ way, ...found(running) }).toMatchObject({
        way,
        severity: 'warning',
        message: expect.stringMatching(/^6 of 6 ghosts .* answered protocol pings, but no heartbeat/),
        next_step: expect.stringContaining('lua-resty-websocket'),
      });
    }
    for (const { running } of [...transparent!, ...healthy]) {
      expect(running.service.connections()).toHaveLength(LIVING);
      expect(running.service.snapshot().findings).toEqual([]);
    }
  }, 90_000);
});

function everybodyHasAnswered({ service }: TestApp): boolean {
  const connections = service.connections();
  return (
    connections.length === LIVING + GHOSTS && connections.every(({ latencyMs }) => latencyMs !== undefined)
  );
}

function ghostsOf({ eventsOf }: TestApp): number {
  return eventsOf('closed').filter(({ ghost }) => ghost !== undefined).length;
}

function found({ service }: TestApp): Finding | undefined {
  return service.snapshot().findings.find(({ signal }) => signal === 'ghosts_behind_terminating_proxy');
}
