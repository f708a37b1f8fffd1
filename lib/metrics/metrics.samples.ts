import type { ServerTally } from '../connection/server.tally.js';
import { TRANSPORT_KINDS } from './metrics.labels.js';
import { FINDING_SIGNALS } from '../lifecycle/lifecycle.events.js';
import { METRICS_CATALOGUE, type MetricName, type MetricRow } from './metrics.catalogue.js';
import type { MetricSample } from './metrics.instruments.js';
import type { MetricsSource } from './metrics.source.js';

/** One number of each gateway's tally. */
export function tallySamples(source: MetricsSource, read: (tally: ServerTally) => number): MetricSample[] {
  return [...source.totals()].map(([gateway, tally]) => ({ labels: { gateway }, value: read(tally) }));
}

/** The connections of each gateway, by what carries them. */
export function transportSamples(source: MetricsSource): MetricSample[] {
  return [...source.totals()].flatMap(([gateway, { transports }]) =>
    TRANSPORT_KINDS.map((transport) => ({ labels: { gateway, transport }, value: transports[transport] })),
  );
}

/** The identities of each gateway; 0 where nobody is identified. */
export function identitySamples(source: MetricsSource): MetricSample[] {
  const identities = source.identities();
  return [...source.totals().keys()].map((gateway) => ({
    labels: { gateway },
    value: identities.get(gateway) ?? 0,
  }));
}

/** 1 for each finding that stands and is more than information, 0 for the others. */
export function findingSamples(source: MetricsSource): MetricSample[] {
  const suspicions = source.findings().filter(({ severity }) => severity !== 'info');
  const standing = new Set(suspicions.map(({ signal }) => signal));
  return FINDING_SIGNALS.map((signal) => ({ labels: { signal }, value: standing.has(signal) ? 1 : 0 }));
}

/** Every series that a counter can have, with nothing to add to it. */
export function zeroSamples(source: MetricsSource, name: MetricName): MetricSample[] {
  const { labels, values }: MetricRow = METRICS_CATALOGUE[name];
  const label = labels[1];
  const series = label === undefined ? [{}] : values![label]!.map((value) => ({ [label]: value }));
  return [...source.totals().keys()].flatMap((gateway) =>
    series.map((more) => ({ labels: { gateway, ...more }, value: 0 })),
  );
}
