import { METRICS_CATALOGUE, type MetricRow } from '../../lib/metrics/metrics.catalogue.js';

/** Makes the file anew where the catalogue has changed. */
export const UPDATE_COMMAND =
  'UPDATE_DOCS=1 npm run jest -- --selectProjects nest-12 --testPathPatterns metrics.docs';

const ROWS: readonly (readonly [string, MetricRow])[] = Object.entries(METRICS_CATALOGUE);

/** `docs/metrics.md`, made from the catalogue: what it says of a metric cannot differ from what is exposed. */
export function metricsDocs(): string {
  return [
    '<!-- Made from lib/metrics/metrics.catalogue.ts by test/tooling/metrics.docs.ts. To make it anew:',
    `     ${UPDATE_COMMAND} -->`,
    '',
    INTRODUCTION,
    '',
    '## All metrics',
    '',
    ...table(['metric', 'type', 'labels', 'meaning'], ROWS.map(reference)),
    '',
    '`gateway` is the name of the gateway class; the sorted names joined by `+` where several gateways share one server; the',
    '`name` given to `watch()`. What has no label `gateway` belongs to the process.',
    '',
    '## Values of labels',
    '',
    'None of these labels takes a value that is not in this table, whatever clients send. Every one of them is there from the',
    'first scrape on, at 0, so that `rate()` and `increase()` see the first time, too. (The histograms of a gateway appear',
    'with the first thing that is measured.)',
    '',
    ...table(['metric', 'label', 'values'], ROWS.flatMap(labelValues)),
    '',
    '## Buckets',
    '',
    ...table(['histogram', 'upper bounds in seconds'], ROWS.flatMap(buckets)),
    '',
    REMARKS,
    '',
  ].join('\n');
}

function reference([name, { type, labels, help }]: readonly [string, MetricRow]): string[] {
  return [code(name), type, labels.map(code).join(', '), help];
}

function labelValues([name, { values = {} }]: readonly [string, MetricRow]): string[][] {
  return Object.entries(values).map(([label, listed]) => [
    code(name),
    code(label),
    listed.map(code).join(', '),
  ]);
}

function buckets([name, row]: readonly [string, MetricRow]): string[][] {
  return row.buckets === undefined ? [] : [[code(name), row.buckets.join(', ')]];
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  return [head, head.map(() => '---'), ...rows].map(
    (cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`,
  );
}

function code(text: string): string {
  return `\`${text}\``;
}

const INTRODUCTION = `# Metrics

Prometheus metrics of every gateway, by [\`prom-client\`](https://github.com/siimon/prom-client), without a line of your own.

They go into prom-client's default registry. An app that serves its own \`/metrics\` from that registry, as
\`@willsoto/nestjs-prometheus\` does, has them there already. Where there is no such route, let this package serve one:

\`\`\`ts
ConnectionHealthModule.forRoot({ diagnostics: true }); // GET /connection-health/metrics
\`\`\`

\`\`\`yaml
scrape_configs:
  - job_name: chat
    metrics_path: /connection-health/metrics
    static_configs: [{ targets: ['chat-1:3000', 'chat-2:3000'] }]
\`\`\`

| option | does |
| --- | --- |
| \`metrics: { registry }\` | keeps them in another \`Registry\` |
| \`metrics: { prefix: 'chat_' }\` | \`chat_ws_connections_active\` and so on, for where a name is taken: the boot stops with \`METRIC_NAME_TAKEN\` and names it |
| \`metrics: false\` | keeps none: nothing is registered, nothing is listened to |
| \`diagnostics: { metrics: false }\` | keeps them, but serves no \`…/metrics\` |`;

const REMARKS = `## What holds

- \`ws_connections_opened_total\` − \`ws_connections_closed_total\` (all reasons) = \`ws_connections_active\`, for each gateway, in
  every scrape. \`unwatched\` keeps it so where connections go out of sight without having ended: \`watch()\` was stopped, or a
  server took another name because one more gateway joined it.
- Gauges are read in the moment of the scrape. A scrape costs as much as there are gateways, not as there are connections.
- A connection that is closing is active until its socket is gone.
- A ghost is counted in \`ws_ghost_connections_total\`, and beside that in \`ws_heartbeat_timeouts_total\` or
  \`ws_stale_connections_swept_total\`, by who found it; connections that are only observed in
  \`ws_connections_spared_total\` alone.
- Apps that share a registry (two in one process, tests, hot reload) share its instruments: their numbers add up, an app that
  closes takes its part out of the gauges, and counters keep what it has counted.
- In a cluster, prom-client's \`AggregatorRegistry\` adds the workers up; \`ws_leak_suspected\` is 1 where any of them suspects one.

## Questions to ask

\`\`\`promql
# Connections gained in the last hour beyond the identities gained
sum(delta(ws_connections_active[1h])) - sum(delta(ws_identities_active[1h]))

# Dead connections found per hour, and what still answered in their place
sum by (kind) (rate(ws_ghost_connections_total[15m])) * 3600

# The 99th percentile of the heartbeat latency
histogram_quantile(0.99, sum by (le, gateway) (rate(ws_heartbeat_latency_seconds_bucket[5m])))

# How connections end
sum by (reason) (rate(ws_connections_closed_total[5m]))

# Why clients say they were away
sum by (reason) (increase(ws_client_loss_total[1h]))
\`\`\``;
