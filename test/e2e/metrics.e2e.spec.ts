import { once } from 'node:events';
import type { AddressInfo } from 'node:net';

import { afterEach, describe, expect, it } from '@jest/globals';
import { WebSocketGateway } from '@nestjs/websockets';
import { Counter, Gauge, register, Registry } from 'prom-client';
import { ConnectionHealthService, type ConnectionHealthModuleOptions } from 'nestjs-connection-health';
import { WebSocketServer } from 'ws';

import { METRICS_CATALOGUE } from '../../lib/metrics/metrics.catalogue.js';
import { CONNECTION_HEALTH_RUNTIME, DIAGNOSTICS_SOURCE } from '../../lib/connection-health.tokens.js';
import type { ConnectionHealthRuntime } from '../../lib/connection-health.runtime.js';
import type { DiagnosticsSource } from '../../lib/diagnostics/diagnostics.source.js';
import { Exposition } from '../metrics/exposition.js';
import { startApp, type TestApp } from '../support/app.js';
import { useApps } from '../support/apps.js';
import { TestClient, type ClientBehaviour } from '../support/client.js';
import { until, untilSilent } from '../support/wait.js';

const HEARTBEAT = { intervalMs: 300, timeoutMs: 200 };
const SILENT: ClientBehaviour = { answers: false, autoPong: false };
const GATEWAY = { gateway: 'ChatGateway' };

@WebSocketGateway()
class ChatGateway {}

@WebSocketGateway({ path: '/quiet' })
class QuietGateway {}

function ownRegistry(options: ConnectionHealthModuleOptions = {}): {
  registry: Registry;
  options: ConnectionHealthModuleOptions;
} {
  const registry = new Registry();
  return { registry, options: { heartbeat: HEARTBEAT, ...options, metrics: { registry } } };
}

function expectBalance(seen: Exposition): void {
  const opened = seen.sum('ws_connections_opened_total');
  const closed = seen.sum('ws_connections_closed_total');
  expect(opened - closed).toBe(seen.sum('ws_connections_active'));
}

/** Closes a client and waits for the server to know. */
async function leave({ service }: TestApp, client: TestClient, code?: number): Promise<void> {
  const before = service.connections().length;
  if (code === undefined) client.socket.terminate();
  else client.socket.close(code);
  await until('it has left', () => service.connections().length === before - 1);
}

describe('metrics', () => {
  const start = useApps();
  afterEach(() => register.clear());

  it('show every series from the first scrape on, at 0 where nothing has happened', async () => {
    const { registry, options } = ownRegistry();
    await start([ChatGateway, QuietGateway], options);
    const seen = await Exposition.of(registry);
    for (const gateway of ['ChatGateway', 'QuietGateway']) {
      expect(seen.value('ws_connections_active', { gateway })).toBe(0);
      expect(seen.value('ws_connections_opened_total', { gateway })).toBe(0);
      expect(seen.value('ws_connections_closed_total', { gateway, reason: 'timeout' })).toBe(0);
      expect(seen.value('ws_ghost_connections_total', { gateway, kind: 'proxy_answered' })).toBe(0);
      expect(seen.value('ws_client_loss_total', { gateway, reason: 'dead_server' })).toBe(0);
      expect(seen.value('ws_write_errors_total', { gateway, code: 'ECONNRESET' })).toBe(0);
      expect(seen.value('ws_verdicts_held_total', { gateway })).toBe(0);
      expect(seen.value('ws_identities_active', { gateway })).toBe(0);
    }
    expect(seen.value('ws_leak_suspected', { signal: 'growth' })).toBe(0);
    // A busy machine may have stalled already.
    expect(seen.value('ws_event_loop_stalls_total')).toBeDefined();
    expect(seen.value('ws_sweep_duration_seconds_count')).toBeDefined();
  });

  it('count connections as they come and go, and how they went', async () => {
    const { registry, options } = ownRegistry({ heartbeat: { intervalMs: 10_000 } });
    const running = await start([ChatGateway, QuietGateway], options);
    const chat = `${running.url}/`;
    const [clean, cut, evicted] = [
      await TestClient.connect(chat, { headers: { 'user-agent': 'clean' } }),
      await TestClient.connect(chat),
      await TestClient.connect(chat, { headers: { 'user-agent': 'evicted' } }),
      await TestClient.connect(`${running.url}/quiet`),
    ];
    const before = await Exposition.of(registry);
    expect(before.by('gateway', 'ws_connections_active')).toEqual({ ChatGateway: 3, QuietGateway: 1 });
    expectBalance(before);

    await leave(running, clean, 1000);
    await leave(running, cut);
    const { id } = running.service.connections().find(({ userAgent }) => userAgent === 'evicted')!;
    await running.service.disconnect({ id });
    await until(
      'it is closed',
      () => evicted.closed !== undefined && running.eventsOf('closed').length === 3,
    );
    const after = await Exposition.of(registry);
    expect(after.by('gateway', 'ws_connections_active')).toEqual({ ChatGateway: 0, QuietGateway: 1 });
    expect(after.by('gateway', 'ws_connections_opened_total')).toEqual({ ChatGateway: 3, QuietGateway: 1 });
    const closed = (reason: string): number | undefined =>
      after.value('ws_connections_closed_total', { ...GATEWAY, reason });
    expect(['clean', 'error', 'evicted', 'timeout', 'unwatched'].map(closed)).toEqual([1, 1, 1, 0, 0]);
    expect(after.value('ws_connection_duration_seconds_count', GATEWAY)).toBe(3);
    const ages = running.eventsOf('closed').map(({ evidence }) => evidence.ageMs / 1000);
    expect(after.value('ws_connection_duration_seconds_sum', GATEWAY)).toBeCloseTo(
      ages.reduce((sum, age) => sum + age),
      9,
    );
    expectBalance(after);
  });

  it('show who is closing as active, and as closed only when the socket is gone', async () => {
    const { registry, options } = ownRegistry({ heartbeat: false, sweep: { closeTimeoutMs: 10_000 } });
    const running = await start([ChatGateway], options);
    const client = await TestClient.connect(running.url);
    client.freeze();
    await running.service.disconnect({ id: running.service.connections()[0]!.id });
    const seen = await Exposition.of(registry);
    expect(seen.value('ws_connections_closing', GATEWAY)).toBe(1);
    expect(seen.value('ws_connections_active', GATEWAY)).toBe(1);
    expect(seen.sum('ws_connections_closed_total')).toBe(0);
    client.socket.terminate();
    await until('it is closed', () => running.eventsOf('closed').length === 1);
    const after = await Exposition.of(registry);
    expect(after.value('ws_connections_closing', GATEWAY)).toBe(0);
    expect(after.value('ws_connections_closed_total', { ...GATEWAY, reason: 'evicted' })).toBe(1);
  });

  it('measure heartbeats: sent, answered in how long, unanswered, by what still answered', async () => {
    const { registry, options } = ownRegistry();
    const running = await start([ChatGateway], options);
    const [living, silent, hop] = await Promise.all([
      TestClient.connect(running.url),
      TestClient.connect(running.url, SILENT),
      TestClient.connect(running.url, { answers: false }),
    ]);
    await until('the dead are closed', () => running.eventsOf('closed').length === 2);
    await until('the living has answered twice', () => living.pings.length >= 2);
    const heard = (): number => running.service.snapshot().heartbeat.sent_total;
    const seen = await Exposition.of(registry);
    expect(seen.value('ws_heartbeats_sent_total', GATEWAY)).toBe(heard());
    expect(seen.value('ws_heartbeat_timeouts_total', GATEWAY)).toBe(2);
    expect(seen.by('kind', 'ws_ghost_connections_total')).toEqual({
      silent: 1,
      proxy_answered: 1,
      unknown: 0,
    });
    const answered = seen.value('ws_heartbeat_latency_seconds_count', GATEWAY)!;
    expect(answered).toBeGreaterThanOrEqual(1);
    expect(answered).toBeLessThanOrEqual(living.pings.length);
    const seconds = seen.value('ws_heartbeat_latency_seconds_sum', GATEWAY)! / answered;
    expect(seconds).toBeGreaterThan(0);
    expect(seconds).toBeLessThan(HEARTBEAT.intervalMs / 1000);
    expect(seen.value('ws_heartbeat_latency_seconds_bucket', { ...GATEWAY, le: '30' })).toBe(answered);
    expect([silent, hop].map(({ closed }) => closed?.code)).toEqual([4001, 4001]);
    expectBalance(seen);
  });

  it('count who is only observed, and nobody of them as closed', async () => {
    const { registry, options } = ownRegistry({ heartbeat: { ...HEARTBEAT, enforce: 'observe' } });
    const running = await start([ChatGateway], options);
    await TestClient.connect(running.url, SILENT);
    await until('it is spared', () => running.eventsOf('spared').length === 1);
    const seen = await Exposition.of(registry);
    expect(seen.by('reason', 'ws_connections_spared_total')).toEqual({ timeout: 1, stale_sweep: 0 });
    expect(seen.sum('ws_ghost_connections_total')).toBe(0);
    expect(seen.sum('ws_connections_closed_total')).toBe(0);
  });

  it('count the swept, and measure every sweep', async () => {
    const { registry, options } = ownRegistry({ heartbeat: { intervalMs: 60_000 } });
    const running = await start([ChatGateway], options);
    await TestClient.connect(running.url);
    await untilSilent(running.service, 50);
    await running.service.sweep({ staleAfterMs: 1, dryRun: true });
    await running.service.sweep({ staleAfterMs: 1 });
    await until('it is closed', () => running.eventsOf('closed').length === 1);
    const seen = await Exposition.of(registry);
    expect(seen.value('ws_stale_connections_swept_total', GATEWAY)).toBe(1);
    expect(seen.value('ws_connections_closed_total', { ...GATEWAY, reason: 'stale_sweep' })).toBe(1);
    expect(seen.value('ws_sweep_duration_seconds_count')).toBe(2);
    expectBalance(seen);
  });

  it('count identities, not their connections', async () => {
    const { registry, options } = ownRegistry({
      identify: (_client, request) => request?.headers['x-user'],
    });
    const { url } = await start([ChatGateway], options);
    for (const user of ['ada', 'ada', 'bob']) await TestClient.connect(url, { headers: { 'x-user': user } });
    await TestClient.connect(url);
    const seen = await Exposition.of(registry);
    expect(seen.value('ws_identities_active', GATEWAY)).toBe(2);
    expect(seen.value('ws_connections_active', GATEWAY)).toBe(4);
  });

  it('say of returning clients only words that are known, whatever they say', async () => {
    const { registry, options } = ownRegistry({ heartbeat: { intervalMs: 10_000 } });
    const running = await start([ChatGateway], options);
    const client = await TestClient.connect(running.url);
    const size = (await Exposition.of(registry)).size;
    const said = [
      'dead_server',
      'DEAD_SERVER',
      '"} 1\nws_connections_active 999',
      '__proto__',
      'constructor',
      'x'.repeat(500),
      '',
      undefined,
    ];
    for (const reason of said) client.send({ type: 'client_resume', reason });
    await until('all were heard', () => running.eventsOf('resumed').length === said.length);
    const seen = await Exposition.of(registry);
    expect(seen.size).toBe(size);
    expect(seen.by('reason', 'ws_client_loss_total')).toMatchObject({ dead_server: 1, unknown: 2, other: 5 });
    expect(seen.value('ws_connections_active', GATEWAY)).toBe(1);
  });

  it.each(['the watch is', 'the app is'])(
    'never take back what a scrape has shown, where %s ended before the connections',
    async (what) => {
      const { registry, options } = ownRegistry({ heartbeat: { intervalMs: 10_000 }, drain: false });
      const running = await start([ChatGateway], options);
      const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
      await once(server, 'listening');
      const unwatch = running.service.watch(server, { name: 'own' });
      const { port } = server.address() as AddressInfo;
      const clients = [1, 2].map(() => TestClient.connect(`ws://127.0.0.1:${port}`));
      await Promise.all(clients);
      const own = { gateway: 'own' };
      expect((await Exposition.of(registry)).value('ws_connections_opened_total', own)).toBe(2);
      if (what === 'the watch is') unwatch();
      else await running.app.close();
      const after = await Exposition.of(registry);
      expect(after.value('ws_connections_opened_total', own)).toBe(2);
      expect(after.value('ws_connections_closed_total', { ...own, reason: 'unwatched' })).toBe(2);
      expect(after.value('ws_connections_active', own)).toBe(what === 'the watch is' ? 0 : undefined);
      expectBalance(after);
      for (const client of clients) (await client).socket.terminate();
      await new Promise((resolve) => server.close(resolve));
      expectBalance(await Exposition.of(registry));
    },
  );

  it('keep nothing of what metrics: false says', async () => {
    const { app, url } = await start([ChatGateway], { heartbeat: HEARTBEAT, metrics: false });
    const client = await TestClient.connect(url);
    await until('it has answered', () => client.answeredAt !== undefined);
    const runtime = app.get<ConnectionHealthRuntime>(CONNECTION_HEALTH_RUNTIME);
    expect(register.getMetricsAsArray()).toEqual([]);
    expect(runtime.latencies.listener).toBeUndefined();
    expect(runtime.metrics).toBeUndefined();
    expect(app.get<DiagnosticsSource>(DIAGNOSTICS_SOURCE).metrics()).toBeUndefined();
  });

  describe('in a registry', () => {
    it('that is the default one, beside what is there already', async () => {
      const others = new Gauge({ name: 'somebody_elses', help: 'x' });
      const { app, url } = await start([ChatGateway], { heartbeat: HEARTBEAT });
      await TestClient.connect(url);
      const seen = await Exposition.of(register);
      expect(seen.value('ws_connections_active', GATEWAY)).toBe(1);
      expect(register.getSingleMetric('somebody_elses')).toBe(others);
      const told = await app.get<DiagnosticsSource>(DIAGNOSTICS_SOURCE).metrics()!;
      expect(told).toEqual({ contentType: register.contentType, text: expect.any(String) });
      expect(new Exposition(told.text).value('ws_connections_active', GATEWAY)).toBe(1);
    });

    it('hold exactly what the catalogue lists, with its types and words', async () => {
      const { registry, options } = ownRegistry();
      const { url } = await start([ChatGateway], options);
      await TestClient.connect(url);
      const seen = await Exposition.of(registry);
      const expected = Object.entries(METRICS_CATALOGUE).map(([name, { type, help }]) => [
        name,
        { type, help },
      ]);
      expect(seen.described).toEqual(Object.fromEntries(expected));
    });

    it('carry the prefix that the options give', async () => {
      const registry = new Registry();
      const { url } = await start([ChatGateway], { metrics: { registry, prefix: 'chat_' } });
      await TestClient.connect(url);
      const seen = await Exposition.of(registry);
      expect(seen.value('chat_ws_connections_active', GATEWAY)).toBe(1);
      expect(Object.keys(seen.described)).toEqual(
        Object.keys(METRICS_CATALOGUE).map((name) => `chat_${name}`),
      );
    });

    it('are told as OpenMetrics where it speaks that', async () => {
      const registry = new Registry();
      (
        registry as unknown as Registry<'application/openmetrics-text; version=1.0.0; charset=utf-8'>
      ).setContentType(Registry.OPENMETRICS_CONTENT_TYPE);
      const one = await start([ChatGateway], { metrics: { registry } });
      await TestClient.connect(one.url);
      await registry.metrics();
      // prom-client takes the suffix off the instruments' own names while it writes.
      await start([ChatGateway], { metrics: { registry } });
      const seen = await Exposition.of(registry);
      expect(seen.text.endsWith('# EOF\n')).toBe(true);
      expect(seen.value('ws_connections_opened_total', GATEWAY)).toBe(1);
    });

    it.each([
      ['a gauge of the same labels', (of: object) => new Gauge({ ...of, labelNames: ['gateway'] } as never)],
      ['one of other labels', (of: object) => new Gauge({ ...of, labelNames: ['node'] } as never)],
      ['one of another type', (of: object) => new Counter({ ...of, labelNames: ['gateway'] } as never)],
    ])(
      'stop the boot where a name is taken by %s of somebody else, and change nothing',
      async (_what, make) => {
        const registry = new Registry();
        const taken = make({ name: 'ws_connections_active', help: 'x', registers: [registry] });
        const failing = startApp([ChatGateway], { metrics: { registry } });
        await expect(failing).rejects.toMatchObject({
          name: 'ConnectionHealthSetupError',
          code: 'METRIC_NAME_TAKEN',
          message: expect.stringMatching(/"ws_connections_active".*metrics\.prefix/),
        });
        expect(registry.getMetricsAsArray()).toEqual([taken]);
        const beside = await start([ChatGateway], { metrics: { registry, prefix: 'health_' } });
        await TestClient.connect(beside.url);
        expect((await Exposition.of(registry)).value('health_ws_connections_active', GATEWAY)).toBe(1);
      },
    );
  });

  describe('of two apps in one registry', () => {
    it('are one sum, from which the part of an app goes when it closes, while counters keep it', async () => {
      const { registry, options } = ownRegistry({ identify: () => 'ada' });
      const one = await start([ChatGateway, QuietGateway], options);
      const two = await start([ChatGateway], options);
      await TestClient.connect(`${one.url}/quiet`);
      for (const { url } of [one, one, two]) await TestClient.connect(`${url}/`);
      const both = await Exposition.of(registry);
      expect(both.by('gateway', 'ws_connections_active')).toEqual({ ChatGateway: 3, QuietGateway: 1 });
      expect(both.by('gateway', 'ws_connections_opened_total')).toEqual({ ChatGateway: 3, QuietGateway: 1 });
      expect(both.value('ws_identities_active', GATEWAY)).toBe(2);
      expectBalance(both);

      await one.app.close();
      const left = await Exposition.of(registry);
      expect(left.by('gateway', 'ws_connections_active')).toEqual({ ChatGateway: 1 });
      expect(left.by('gateway', 'ws_connections_opened_total')).toEqual({ ChatGateway: 3, QuietGateway: 1 });
      expect(left.value('ws_connections_closed_total', { ...GATEWAY, reason: 'shutdown' })).toBe(2);
      expectBalance(left);
    });

    it('say that a leak is suspected, not how many suspect it', async () => {
      const { registry, options } = ownRegistry();
      for (const { app } of [await start([ChatGateway], options), await start([ChatGateway], options)]) {
        const { findings } = app.get<ConnectionHealthRuntime>(CONNECTION_HEALTH_RUNTIME);
        findings.raise({ signal: 'growth', severity: 'warning', message: 'm', next_step: 'n' });
      }
      const seen = await Exposition.of(registry);
      expect(seen.by('signal', 'ws_leak_suspected')).toMatchObject({ growth: 1, stale_ratio: 0 });
    });

    it('count what the first to close had counted since the last scrape', async () => {
      const { registry, options } = ownRegistry();
      const one = await start([ChatGateway], options);
      const client = await TestClient.connect(one.url);
      await leave(one, client, 1000);
      await one.app.close();
      const seen = await Exposition.of(registry);
      expect(seen.value('ws_connections_opened_total', GATEWAY)).toBe(1);
      expect(seen.value('ws_connections_closed_total', { ...GATEWAY, reason: 'clean' })).toBe(1);
      expect(seen.sum('ws_connections_active')).toBe(0);
    });
  });

  it('survive twenty reloads of an app without a trace but the counts', async () => {
    const { registry, options } = ownRegistry({ heartbeat: { intervalMs: 60_000 } });
    const warnings: Error[] = [];
    const warn = (warning: Error): void => void warnings.push(warning);
    process.on('warning', warn);
    const sizes: number[] = [];
    for (let round = 1; round <= 20; round++) {
      const { app, url } = await start([ChatGateway], options);
      await TestClient.connect(url);
      const seen = await Exposition.of(registry);
      sizes.push(seen.size);
      expect(seen.value('ws_connections_active', GATEWAY)).toBe(1);
      expectBalance(seen);
      const runtime = app.get<ConnectionHealthRuntime>(CONNECTION_HEALTH_RUNTIME);
      expect(runtime.latencies.listener).toBeDefined();
      await app.close();
      expect(runtime.latencies.listener).toBeUndefined();
    }
    process.off('warning', warn);
    expect(warnings).toEqual([]);
    // The histogram of durations has its first series when the first connection has ended.
    expect(new Set(sizes.slice(1)).size).toBe(1);
    const seen = await Exposition.of(registry);
    expect(seen.value('ws_connections_opened_total', GATEWAY)).toBe(20);
    expect(seen.by('gateway', 'ws_connections_active')).toEqual({});
    expectBalance(seen);
  }, 60_000);

  it('have no part of an app that failed to boot', async () => {
    const { registry, options } = ownRegistry();
    const broken = {
      provide: 'broken',
      inject: [ConnectionHealthService],
      useFactory: () => {
        throw new Error('broken provider');
      },
    };
    await expect(startApp([ChatGateway], options, { providers: [broken] })).rejects.toThrow(
      'broken provider',
    );
    expect((await Exposition.of(registry)).by('signal', 'ws_leak_suspected')).toEqual({});
    await start([ChatGateway], options);
    expect((await Exposition.of(registry)).value('ws_connections_active', GATEWAY)).toBe(0);
  });
});
