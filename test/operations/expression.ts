import { METRICS_CATALOGUE, type MetricRow } from '../../lib/metrics/metrics.catalogue.js';

/** What every series has by where it was scraped, and what Prometheus adds to buckets. */
const LABELS_OF_A_SCRAPE = ['job', 'instance'];
/** What histograms are stored as. */
const HISTOGRAM_SUFFIX = /_(bucket|sum|count)$/;

interface Matcher {
  readonly label: string;
  readonly operator: string;
  readonly value: string;
}

/** A series that an expression asks for. */
export interface Selector {
  readonly metric: string;
  readonly matchers: readonly Matcher[];
  /** What stands before it, up to the last bracket: `rate(` and the like. */
  readonly caller: string;
}

/** The metrics of ours that an expression asks for; recorded ones, which have a colon, are not among them. */
export function selectorsOf(expression: string): Selector[] {
  const selector = /(\w*)\(?\s*(?<![\w:])(ws_\w+)(?![\w:])(?:\{([^}]*)\})?/g;
  return [...expression.matchAll(selector)].map(([, caller, metric, matchers = '']) => ({
    metric: metric!,
    caller: caller!,
    matchers: [...matchers.matchAll(/(\w+)\s*(=~|!~|!=|=)\s*"([^"]*)"/g)].map(
      ([, label, operator, value]) => ({ label: label!, operator: operator!, value: value! }),
    ),
  }));
}

/** The metric of the catalogue that a series belongs to, `undefined` where there is none. */
export function rowOf(series: string): (MetricRow & { readonly name: string }) | undefined {
  const rows: Readonly<Record<string, MetricRow>> = METRICS_CATALOGUE;
  const [plain, base] = [rows[series], series.replace(HISTOGRAM_SUFFIX, '')];
  if (plain !== undefined) return plain.type === 'histogram' ? undefined : { ...plain, name: series };
  const histogram = rows[base];
  return histogram?.type === 'histogram' ? { ...histogram, name: base } : undefined;
}

/** What an expression asks for that the catalogue does not have, or in a way that its type does not allow. */
export function mistakesIn(expression: string): string[] {
  return selectorsOf(expression).flatMap((selector) => {
    const row = rowOf(selector.metric);
    if (row === undefined) return [`${selector.metric} is not in the catalogue`];
    return [...mistakesOfLabels(selector, row), ...mistakesOfType(selector, row)];
  });
}

function mistakesOfLabels({ metric, matchers }: Selector, { labels, values }: MetricRow): string[] {
  return matchers.flatMap(({ label, value }) => {
    if (LABELS_OF_A_SCRAPE.includes(label)) return [];
    if (!labels.includes(label)) return [`${metric} has no label ${label}`];
    const known = values?.[label];
    if (known === undefined) return [];
    const strangers = value.split('|').filter((each) => !known.includes(each));
    return strangers.map((each) => `${label} of ${metric} is never ${each}`);
  });
}

/** Counters mean nothing but by their growth, gauges nothing by theirs. */
function mistakesOfType({ metric, caller }: Selector, { type }: MetricRow): string[] {
  const isGrowth = caller === 'rate' || caller === 'increase';
  if (isGrowth === (type !== 'gauge')) return [];
  return [isGrowth ? `${caller}() of the gauge ${metric}` : `${metric} is a counter: rate() is missing`];
}
