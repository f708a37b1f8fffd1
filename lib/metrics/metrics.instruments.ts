import { Counter, Gauge, Histogram, type Aggregator, type Metric, type Registry } from 'prom-client';

import { ConnectionHealthSetupError } from '../connection-health.errors.js';
import { METRIC_SOURCES } from '../connection-health.tokens.js';
import {
  METRICS_CATALOGUE,
  type MetricName,
  type MetricNameOf,
  type MetricRow,
} from './metrics.catalogue.js';

/** One series and what is to be added to it. */
export interface MetricSample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/**
 * Asked at each scrape by whoever created the instrument, maybe another copy of the package: what an app has at this
 * moment (gauges), or what it has counted since it was last asked (counters). Never throws.
 */
export type SampleSource = () => Iterable<MetricSample>;

/** The instruments of a registry, by their names in the catalogue. */
export type Instruments = Readonly<Record<MetricNameOf<'counter'>, Counter>> &
  Readonly<Record<MetricNameOf<'gauge'>, Gauge>> &
  Readonly<Record<MetricNameOf<'histogram'>, Histogram>>;

/**
 * Everything in the catalogue, as instruments of this registry: those that it has already, or new ones.
 *
 * @throws ConnectionHealthSetupError where a name belongs to somebody else; the registry is left as it was
 */
export function instrumentsIn(registry: Registry, prefix: string): Instruments {
  const rows = Object.entries(METRICS_CATALOGUE) as [MetricName, MetricRow][];
  for (const [name, row] of rows) refuseForeign(registry.getSingleMetric(prefix + name), prefix + name, row);
  const instruments = rows.map(([name, row]) => [
    name,
    registry.getSingleMetric(prefix + name) ?? instrumentOf(prefix + name, row, registry),
  ]);
  return Object.fromEntries(instruments) as Instruments;
}

/** Lets an instrument ask an app. @returns stops it */
export function addSource(instrument: Metric, source: SampleSource): () => void {
  const sources = (instrument as unknown as { [METRIC_SOURCES]: Set<SampleSource> })[METRIC_SOURCES]!;
  sources.add(source);
  return () => sources.delete(source);
}

function instrumentOf(name: string, row: MetricRow, registry: Registry): Metric {
  const sources = new Set<SampleSource>();
  const instrument = newInstrument(name, row, registry, () => combined(sources, row));
  Object.defineProperty(instrument, METRIC_SOURCES, { value: sources });
  return instrument;
}

function newInstrument(
  name: string,
  row: MetricRow,
  registry: Registry,
  read: () => Iterable<MetricSample>,
): Metric {
  const { help, labels: labelNames, buckets = [] } = row;
  const aggregator: Aggregator = row.combine ?? 'sum';
  const config = { name, help, labelNames, aggregator, registers: [registry] };
  if (row.type === 'histogram') return new Histogram({ ...config, buckets: [...buckets] });
  if (row.type === 'counter')
    return new Counter({
      ...config,
      collect() {
        for (const { labels, value } of read()) this.inc(labels, value);
      },
    });
  return new Gauge({
    ...config,
    collect() {
      // What an app that has left had here goes with it.
      this.reset();
      for (const { labels, value } of read()) this.set(labels, value);
    },
  });
}

/** One sample for each series, however many apps have something to say of it. */
function combined(
  sources: ReadonlySet<SampleSource>,
  { combine, labels: names }: MetricRow,
): Iterable<MetricSample> {
  const series = new Map<string, MetricSample>();
  for (const source of sources) {
    for (const { labels, value } of source()) {
      const key = JSON.stringify(names.map((name) => labels[name]));
      const known = series.get(key)?.value ?? 0;
      series.set(key, { labels, value: combine === 'max' ? Math.max(known, value) : known + value });
    }
  }
  return series.values();
}

function refuseForeign(found: Metric | undefined, name: string, row: MetricRow): void {
  if (found === undefined || isOurs(found, row)) return;
  throw new ConnectionHealthSetupError(
    'METRIC_NAME_TAKEN',
    `ConnectionHealthModule: the registry has a metric "${name}" already, and it is none of ours: set the option "metrics.prefix" (for example "health_"), give "metrics.registry" a Registry of its own, or let the other one have another name`,
  );
}

/** By shape: it may come from another copy of the package, or of prom-client. */
function isOurs(found: Metric, row: MetricRow): boolean {
  const { type, labelNames = [] } = found as { type?: unknown; labelNames?: readonly string[] };
  const sameLabels = [...labelNames].sort().join() === [...row.labels].sort().join();
  return METRIC_SOURCES in found && type === row.type && sameLabels;
}
