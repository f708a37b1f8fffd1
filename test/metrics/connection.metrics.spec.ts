import { beforeEach, describe, expect, it } from '@jest/globals';
import { AggregatorRegistry, Counter, Registry } from 'prom-client';

import { METRIC_SOURCES } from '../../lib/connection-health.tokens.js';
import { ServerTally } from '../../lib/connection/server.tally.js';
import { LatencyWindow } from '../../lib/heartbeat/latency.window.js';
import { LifecycleBus } from '../../lib/lifecycle/lifecycle.bus.js';
import { FINDING_SIGNALS, type Finding, type LifecycleEvent } from '../../lib/lifecycle/lifecycle.events.js';
import { ConnectionMetrics } from '../../lib/metrics/connection.metrics.js';
import { TRANSPORT_KINDS } from '../../lib/metrics/metrics.labels.js';
import { METRICS_CATALOGUE, type MetricRow } from '../../lib/metrics/metrics.catalogue.js';
import { instrumentsIn } from '../../lib/metrics/metrics.instruments.js';
import { Exposition } from './exposition.js';

const A = { gateway: 'a' };

/** An app without sockets: what metrics read and hear. */
class FakeApp {
  readonly errors: unknown[] = [];
  readonly tallies = new Map<string, ServerTally>([['a', new ServerTally()]]);
  readonly named = new Map<string, number>();
  wrong: Finding[] = [];
  fleet = { store: 'redis', nodes: 3, connections: 12, partial: false };
  readonly latencies = new LatencyWindow();
  readonly bus = new LifecycleBus(
    () => 0,
    (error) => this.errors.push(error),
  );
  readonly metrics: ConnectionMetrics;

  constructor(registry: Registry, prefix = '') {
    this.metrics = new ConnectionMetrics({
      settings: { registry, prefix },
      source: {
        totals: () => this.tallies,
        identities: () => this.named,
        findings: () => this.wrong,
        fleet: () => this.fleet,
      },
      bus: this.bus,
      latencies: this.latencies,
      failed: (error) => this.errors.push(error),
    });
    this.metrics.start();
  }

  /** Publishes an event of a connection of gateway `a`. */
  tell(type: LifecycleEvent['type'], body: object = {}): void {
    this.bus.publish(type, () => ({ connection: { gateway: 'a' }, ...body }) as never);
  }
}

describe('the metrics of an app', () => {
  let registry: Registry;
  let app: FakeApp;
  const scrape = (): Promise<Exposition> => Exposition.of(registry);

  beforeEach(() => {
    registry = new Registry();
    app = new FakeApp(registry);
  });

  it('show gauges as they are in the moment of the scrape', async () => {
    const tally = app.tallies.get('a')!;
    Object.assign(tally, { active: 7, opened: 7, closing: 2, backpressured: 3 });
    app.named.set('a', 4);
    const seen = await scrape();
    expect(seen.value('ws_connections_active', A)).toBe(7);
    expect(seen.value('ws_connections_closing', A)).toBe(2);
    expect(seen.value('ws_backpressured_connections', A)).toBe(3);
    expect(seen.value('ws_identities_active', A)).toBe(4);
    tally.backpressured = 0;
    expect((await scrape()).value('ws_backpressured_connections', A)).toBe(0);
  });

  it('say 1 of every finding that stands and 0 of every other', async () => {
    const text = { message: 'm', next_step: 'n' };
    app.wrong = [
      { signal: 'stale_ratio', severity: 'critical', ...text },
      // Information is no suspicion.
      { signal: 'growth', severity: 'info', ...text },
    ];
    const expected = FINDING_SIGNALS.map((signal) => [signal, signal === 'stale_ratio' ? 1 : 0]);
    expect((await scrape()).by('signal', 'ws_leak_suspected')).toEqual(Object.fromEntries(expected));
  });

  it('count verdicts held, stalls and failed sockets as they happen', async () => {
    for (let times = 0; times < 3; times++) app.tell('held', { asked: 9, silent: 8 });
    app.tell('stalled', { stalledMs: 700 });
    for (const errorCode of ['ECONNRESET', 'ECONNRESET', 'EPIPE', 'ERR_SSL_BAD_RECORD_MAC', 'X1'])
      app.tell('socket_failed', { errorCode });
    const seen = await scrape();
    expect(seen.value('ws_verdicts_held_total', A)).toBe(3);
    expect(seen.value('ws_event_loop_stalls_total')).toBe(1);
    expect(seen.by('code', 'ws_write_errors_total')).toMatchObject({ ECONNRESET: 2, EPIPE: 1, OTHER: 2 });
  });

  it('tell how large the fleet is, and what was lost of it', async () => {
    for (const connections of [5, 0]) app.tell('fleet_node_lost', { node: 'x', name: 'y', connections });
    const seen = await scrape();
    expect(seen.value('ws_fleet_nodes')).toBe(3);
    expect(seen.value('ws_fleet_connections')).toBe(12);
    expect(seen.value('ws_fleet_lost_nodes_total')).toBe(2);
    expect(seen.value('ws_fleet_reaped_connections_total')).toBe(5);
  });

  it('put durations into buckets in seconds, and what is no duration nowhere', async () => {
    for (const ageMs of [400, 4_000, 90_000_000, -1, NaN, Infinity])
      app.tell('closed', { reason: 'clean', evidence: { ageMs } });
    for (const durationMs of [0.4, 3, -2]) app.tell('swept', { report: { durationMs } });
    for (const latencyMs of [0, 4, 31_000, -5, NaN, Infinity]) app.latencies.add('a', latencyMs);
    const seen = await scrape();
    const bucket = (name: string, le: string, labels = {}): number | undefined =>
      seen.value(`${name}_bucket`, { ...labels, le });
    const durations = ['1', '5', '86400', '259200', '+Inf'];
    expect(durations.map((le) => bucket('ws_connection_duration_seconds', le, A))).toEqual([1, 2, 2, 3, 3]);
    expect(['0.0005', '0.005'].map((le) => bucket('ws_sweep_duration_seconds', le))).toEqual([1, 2]);
    const latencies = ['0.001', '0.005', '30', '+Inf'];
    expect(latencies.map((le) => bucket('ws_heartbeat_latency_seconds', le, A))).toEqual([1, 2, 2, 3]);
    expect(seen.value('ws_heartbeat_latency_seconds_sum', A)).toBeCloseTo(31.004, 9);
    expect(app.errors).toEqual([]);
  });

  it('show no value of a label that the catalogue does not list', async () => {
    app.tell('resumed', { reason: 'because' });
    app.tell('socket_failed', { errorCode: 'EWHATEVER' });
    const seen = await scrape();
    for (const [name, { values = {} }] of Object.entries(METRICS_CATALOGUE) as [string, MetricRow][])
      for (const [label, listed] of Object.entries(values))
        expect([name, Object.keys(seen.by(label, name)).sort()]).toEqual([name, [...listed].sort()]);
  });

  it('outlive a reset of the registry with every series', async () => {
    app.tallies.get('a')!.heartbeatsSent = 5;
    const before = await scrape();
    registry.resetMetrics();
    const after = await scrape();
    expect(after.value('ws_heartbeats_sent_total', A)).toBe(0);
    expect(after.value('ws_connections_active', A)).toBe(before.value('ws_connections_active', A));
    expect(after.by('reason', 'ws_connections_closed_total')).toEqual(
      before.by('reason', 'ws_connections_closed_total'),
    );
  });

  it('cost a scrape nothing but themselves where their source fails', async () => {
    app.tallies.get('a')!.heartbeatsSent = 5;
    app.named.get = () => {
      throw new Error('broken source');
    };
    const seen = await scrape();
    expect(seen.by('gateway', 'ws_identities_active')).toEqual({});
    expect(seen.value('ws_heartbeats_sent_total', A)).toBe(5);
    expect(app.errors).toEqual([new Error('broken source')]);
  });

  it('are gone when the app has ended, with everything that heard or was heard', async () => {
    const { size } = await scrape();
    app.metrics.end();
    app.metrics.end();
    for (const type of ['closed', 'held', 'resumed', 'socket_failed', 'stalled', 'swept'] as const) {
      let wasMade = false;
      app.bus.publish(type, () => ({ wasMade: (wasMade = true) }) as never);
      expect([type, wasMade]).toEqual([type, false]);
    }
    expect(app.latencies.listener).toBeUndefined();
    for (const instrument of Object.values(instrumentsIn(registry, '')))
      expect((instrument as unknown as Record<symbol, Set<unknown>>)[METRIC_SOURCES]!.size).toBe(0);
    const gaugeSeries = 4 + TRANSPORT_KINDS.length + FINDING_SIGNALS.length;
    expect((await scrape()).size).toBe(size - gaugeSeries);
    app.metrics.start();
    expect((await scrape()).size).toBe(size - gaugeSeries);
  });

  it('keep the listener of whoever listens to latencies in their place', () => {
    const heard: number[] = [];
    const theirs = (_gateway: string, latencyMs: number): void => void heard.push(latencyMs);
    app.latencies.listener = theirs;
    app.metrics.end();
    expect(app.latencies.listener).toBe(theirs);
  });

  it('count to the end what no scrape has seen, whatever has failed before', async () => {
    Object.assign(app.tallies.get('a')!, { opened: 2, active: 2 });
    app.metrics.end();
    const seen = await scrape();
    expect(seen.value('ws_connections_opened_total', A)).toBe(2);
  });

  it('are added up over the workers of a cluster, but a leak is suspected once', async () => {
    const other = new Registry();
    const worker = new FakeApp(other);
    for (const { wrong, tallies } of [app, worker]) {
      wrong.push({ signal: 'growth', severity: 'warning', message: 'm', next_step: 'n' });
      Object.assign(tallies.get('a')!, { active: 3, opened: 4 });
      tallies.get('a')!.closed.clean = 1;
    }
    const parts = [await registry.getMetricsAsJSON(), await other.getMetricsAsJSON()];
    const whole = new Exposition(await AggregatorRegistry.aggregate(parts).metrics());
    expect(whole.value('ws_connections_active', A)).toBe(6);
    expect(whole.value('ws_connections_opened_total', A)).toBe(8);
    expect(whole.value('ws_leak_suspected', { signal: 'growth' })).toBe(1);
  });
});

describe('instruments', () => {
  it('are those of the registry where it has them already, one set for each prefix', () => {
    const registry = new Registry();
    const first = instrumentsIn(registry, '');
    const second = instrumentsIn(registry, '');
    for (const [name, instrument] of Object.entries(first))
      expect(second[name as keyof typeof second]).toBe(instrument);
    const prefixed = instrumentsIn(registry, 'x_');
    expect(prefixed.ws_connections_active).not.toBe(first.ws_connections_active);
    expect(registry.getMetricsAsArray()).toHaveLength(2 * Object.keys(METRICS_CATALOGUE).length);
  });

  it('are known by the key that both copies of the package share', () => {
    expect(METRIC_SOURCES).toBe(Symbol.for('nestjs-connection-health/metric-sources'));
    const { ws_connections_active } = instrumentsIn(new Registry(), '');
    expect(Object.getOwnPropertySymbols(ws_connections_active)).toEqual([METRIC_SOURCES]);
  });

  it('of a later version with other labels are foreign, and nothing is registered beside them', () => {
    const registry = new Registry();
    const later = new Counter({
      name: 'ws_heartbeats_sent_total',
      help: 'x',
      labelNames: ['gateway', 'codec'],
      registers: [registry],
    });
    Object.defineProperty(later, METRIC_SOURCES, { value: new Set() });
    expect(() => instrumentsIn(registry, '')).toThrow(/"ws_heartbeats_sent_total"/);
    expect(registry.getMetricsAsArray()).toEqual([later]);
  });
});
