import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { WebSocketGateway } from '@nestjs/websockets';
import {
  halfOpenPeer,
  healthyPeer,
  pingAnsweringPeer,
  type FaultyPeer,
} from 'nestjs-connection-health/testing';
import { Registry } from 'prom-client';

import { startApp, type TestApp } from '../support/app.js';
import type { EveryOption } from '../support/diagnostics.app.js';
import { AlertLog } from './alert.log.js';
import { filledIn, shippedDashboard, targetsOf } from './dashboard.js';
import { PrometheusServer, type ActiveAlert } from './prometheus.server.js';
import { renderAlerts } from './promtool.js';

jest.setTimeout(120_000);

/** 30 minutes become 15 s, an hour becomes 30 s. */
const SCALE = 1 / 120;
const CROWD = 20;
const GHOST_EVERY_MS = 250;
const GHOST_ALERTS = ['WebSocketGhostsBehindProxy', 'WebSocketGhostRateHigh'];
/** What a busy machine may bring about is no matter of the connections. */
const OF_THE_MACHINE = [
  'WebSocketEventLoopStalls',
  'WebSocketEventLoopOverloaded',
  'WebSocketHeartbeatLatencyRising',
];

@WebSocketGateway()
class ChatGateway {}

/** A real app that keeps metrics of its own, as another process would. */
function start(): Promise<TestApp> {
  const options: EveryOption = {
    heartbeat: { intervalMs: 2_000, timeoutMs: 1_200 },
    sweep: { intervalMs: 1_000 },
    metrics: { registry: new Registry() },
    diagnostics: true,
  };
  return startApp([ChatGateway], options);
}

describe('a real Prometheus with the shipped rules, their durations shortened', () => {
  const peers: FaultyPeer[] = [];
  const apps: TestApp[] = [];
  let prometheus: PrometheusServer;
  let log: AlertLog;
  let leak: NodeJS.Timeout | undefined;

  async function join(
    count: number,
    connect: (url: string) => Promise<FaultyPeer>,
    { url }: TestApp,
  ): Promise<void> {
    for (let joined = 0; joined < count; joined++) peers.push(await connect(url));
  }

  beforeAll(async () => {
    for (let started = 0; started < 2; started++) apps.push(await start());
    const [leaking, healthy] = apps;
    await join(CROWD, healthyPeer, leaking!);
    await join(CROWD, healthyPeer, healthy!);
    const { stdout: rules } = await renderAlerts('--scale', String(SCALE));
    prometheus = await PrometheusServer.start(rules, { leaking: leaking!.url, healthy: healthy!.url });
    log = new AlertLog(prometheus);
  });

  afterAll(async () => {
    clearInterval(leak);
    await prometheus?.stop();
    await Promise.all(peers.map((peer) => peer.end()));
    await Promise.all(apps.map(({ app }) => app.close()));
  });

  it('sees two healthy crowds, and nothing wrong with their connections', async () => {
    const crowds = `sum by (job) (ws_connections_active) == ${CROWD}`;
    await log.until(
      'both are scraped',
      async () => (await prometheus.query(crowds)).length === apps.length,
      20_000,
    );
    expect(log.seen.filter(isOfGhosts)).toEqual([]);
  });

  it('tells of ghosts behind a terminating proxy: first pending, then firing', async () => {
    const [leaking, healthy] = apps;
    leak = setInterval(() => void join(1, pingAnsweringPeer, leaking!), GHOST_EVERY_MS);
    // In the healthy app, one client loses its network.
    await join(1, halfOpenPeer, healthy!);
    for (const name of GHOST_ALERTS) {
      await log.until(`${name} is pending`, () => log.of(name, { job: 'leaking' }).length > 0, 20_000);
      expect(log.statesOf(name, { job: 'leaking' })[0]).toBe('pending');
    }
    for (const name of GHOST_ALERTS)
      await log.until(
        `${name} fires`,
        () => log.statesOf(name, { job: 'leaking' }).includes('firing'),
        40_000,
      );
    const { labels, annotations } = log.of('WebSocketGhostsBehindProxy', { job: 'leaking' }).at(-1)!;
    expect(labels).toMatchObject({ gateway: 'ChatGateway', severity: 'warning' });
    expect(annotations['summary']).toMatch(/^ChatGateway \(leaking\): \d{3,} ghosts an hour/);
  });

  it('leaves the healthy app alone, and its one ghost at pending', () => {
    expect(log.statesOf('WebSocketGhostRateHigh', { job: 'healthy' })).toContain('pending');
    const fired = log.seen.filter(({ state, labels }) => state === 'firing' && labels['job'] === 'healthy');
    expect(
      fired.map(({ labels }) => labels['alertname']!).filter((name) => !OF_THE_MACHINE.includes(name)),
    ).toEqual([]);
  });

  it('has an answer for every panel of the dashboard', async () => {
    const answers = await Promise.all(
      targetsOf(shippedDashboard()).map(async ({ panel, expr }) => ({
        panel,
        // These apps are no hour old, and their ghosts never answered a heartbeat: findings about them are information only.
        series: await prometheus.query(
          filledIn(expr).replaceAll('offset 1h', 'offset 5s').replace(/ > 0$/, ' >= 0'),
        ),
      })),
    );
    expect(answers.filter(({ series }) => series.length === 0)).toEqual([]);
  });

  it('says no more when the leak has ended', async () => {
    clearInterval(leak);
    await log.until('no alert of ghosts is active', (now) => !now.some(isOfGhosts), 40_000);
    expect((await log.look()).filter(isOfGhosts)).toEqual([]);
  });
});

function isOfGhosts({ labels }: ActiveAlert): boolean {
  return GHOST_ALERTS.includes(labels['alertname']!);
}
