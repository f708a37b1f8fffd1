import { register as defaultRegistry, type Registry } from 'prom-client';

import type { LatencyWindow } from '../heartbeat/latency.window.js';
import type { LifecycleBus } from '../lifecycle/lifecycle.bus.js';
import { CounterLedger, TALLY_COUNTERS } from './counter.ledger.js';
import { EventMeter } from './event.meter.js';
import type { MetricName, MetricNameOf } from './metrics.catalogue.js';
import { addSource, instrumentsIn, type Instruments, type MetricSample } from './metrics.instruments.js';
import {
  findingSamples,
  identitySamples,
  tallySamples,
  transportSamples,
  zeroSamples,
} from './metrics.samples.js';
import type { MetricsSettings } from './metrics.settings.js';
import type { MetricsSource } from './metrics.source.js';

/** Counters of what happens seldom: they are to be seen before it has happened, or `rate()` misses the first time. */
const EVENT_COUNTERS = [
  'ws_write_errors_total',
  'ws_verdicts_held_total',
  'ws_client_loss_total',
] as const satisfies MetricNameOf<'counter'>[];

/** One app's part in the metrics of a registry, which other apps may share. */
export class ConnectionMetrics {
  private readonly registry: Registry;
  private readonly instruments: Instruments;
  private readonly meter: EventMeter;
  private readonly ledger: CounterLedger;
  private readonly undo: (() => void)[] = [];
  private hasEnded = false;

  /**
   * Registers what is not registered yet, and counts from now on.
   *
   * @throws ConnectionHealthSetupError where a metric of somebody else has one of the names
   */
  constructor(
    private readonly parts: {
      readonly settings: MetricsSettings;
      readonly source: MetricsSource;
      readonly bus: LifecycleBus;
      readonly latencies: LatencyWindow;
      /** Told of what failed during a scrape, which goes on. */
      readonly failed: (error: unknown) => void;
    },
  ) {
    const { settings, source, bus, latencies } = parts;
    this.registry = settings.registry ?? defaultRegistry;
    this.instruments = instrumentsIn(this.registry, settings.prefix);
    this.meter = new EventMeter(this.instruments, { bus, latencies });
    this.ledger = new CounterLedger(() => source.totals());
  }

  /** Scrapes show this app from now on: not before, so that an app that fails to boot leaves nothing in a registry. */
  start(): void {
    if (this.hasEnded || this.undo.length > 0) return;
    const { source } = this.parts;
    this.show('ws_connections_active', () => tallySamples(source, ({ active }) => active));
    this.show('ws_connections_by_transport', () => transportSamples(source));
    this.show('ws_connections_closing', () => tallySamples(source, ({ closing }) => closing));
    this.show('ws_backpressured_connections', () => tallySamples(source, (tally) => tally.backpressured));
    this.show('ws_identities_active', () => identitySamples(source));
    this.show('ws_leak_suspected', () => findingSamples(source));
    this.show('ws_fleet_nodes', () => [{ labels: {}, value: source.fleet().nodes }]);
    this.show('ws_fleet_connections', () => [{ labels: {}, value: source.fleet().connections }]);
    for (const name of TALLY_COUNTERS) this.show(name, () => this.ledger.take(name));
    for (const name of EVENT_COUNTERS) this.show(name, () => zeroSamples(source, name));
  }

  /** Everything in the registry, as Prometheus reads it. */
  async exposition(): Promise<{ readonly contentType: string; readonly text: string }> {
    const text = await this.registry.metrics();
    return { contentType: this.registry.contentType, text };
  }

  /** Leaves the registry to the others: the counters keep what was counted to the end. May be called more than once. */
  end(): void {
    if (this.hasEnded) return;
    this.hasEnded = true;
    this.meter.end();
    for (const undo of this.undo.splice(0)) undo();
    for (const name of TALLY_COUNTERS)
      for (const { labels, value } of this.fenced(() => this.ledger.take(name)))
        this.instruments[name].inc(labels, value);
  }

  private show(name: MetricName, read: () => MetricSample[]): void {
    this.undo.push(addSource(this.instruments[name], () => this.fenced(read)));
  }

  /** What fails in one instrument must not cost the app its whole scrape (R11). */
  private fenced(read: () => MetricSample[]): MetricSample[] {
    try {
      return read();
    } catch (error) {
      this.parts.failed(error);
      return [];
    }
  }
}
