import type { Comparison } from './comparison.js';
import type { GatewayCount } from './gateway.source.js';
import type { Layer } from './source.js';
import type { Verdict } from './verdict.js';

/** Everything one look at all layers brought. */
export interface LayersReport {
  readonly layers: readonly Layer[];
  readonly gateway: GatewayCount;
  readonly comparison: Comparison;
  readonly verdict: Verdict;
}

/** A table, what has to be known to read it, and the verdict. Pure. */
export function linesOf(report: LayersReport): string[] {
  const { layers, gateway, comparison, verdict } = report;
  return [
    ...tableOf(comparison),
    '',
    ...layers.flatMap(({ name, source, notes }) => [
      `${name}: ${source}`,
      ...notes.map((note) => `  ${note}`),
    ]),
    ...gatewayLines(gateway),
    ...comparison.surpluses.map(
      ({ outer, inner, excess }) =>
        `note: ${-excess} more at "${outer.label}" than at "${inner.label}": plain requests, or clients whose backend ` +
        'connection has ended and who were not told',
    ),
    '',
    verdict.isLeaking ? `LEAK ${verdict.where}: ${verdict.excess} connections` : 'no leak',
    verdict.message,
    ...(verdict.nextStep === undefined ? [] : [`Next: ${verdict.nextStep}`]),
  ];
}

/** For machines: snake_case like everything else that is served. Pure. */
export function jsonOf({ layers, gateway, comparison, verdict }: LayersReport): string {
  const json = {
    layers: layers.map(({ name, source, clients, backend, clientsGone, notes }) => ({
      name,
      source,
      clients,
      backend,
      clients_gone: clientsGone,
      notes,
    })),
    gateway: {
      sources: gateway.sources,
      total_connections: gateway.total,
      idle_over_1min: gateway.idleOverOneMinute,
      idle_over_5min: gateway.idleOverFiveMinutes,
      findings: gateway.findings,
      nodes: gateway.nodes,
    },
    gaps: comparison.gaps.map(({ outer, inner, excess }) => ({ from: outer.label, to: inner.label, excess })),
    tolerance: comparison.tolerance,
    verdict: {
      leaking: verdict.isLeaking,
      where: verdict.where,
      excess: verdict.excess,
      message: verdict.message,
      next_step: verdict.nextStep,
    },
  };
  return JSON.stringify(json, undefined, 2);
}

function tableOf({ stations, gaps }: Comparison): string[] {
  const rows = [
    ['', 'connections', 'gap'],
    ...stations.map(({ label, count }, index) => [label, String(count), signed(gaps[index - 1]?.excess)]),
  ];
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map(([label, count, gap]) =>
    `${label!.padEnd(widths[0]!)}  ${count!.padStart(widths[1]!)}  ${gap!.padStart(widths[2]!)}`.trimEnd(),
  );
}

function signed(excess: number | undefined): string {
  if (excess === undefined) return '';
  return excess > 0 ? `+${excess}` : String(excess);
}

function gatewayLines({ sources, nodes, total, idleOverFiveMinutes, findings }: GatewayCount): string[] {
  const asked = sources.length;
  return [
    `gateway: ${sources.join(', ')}`,
    `  nothing heard of ${idleOverFiveMinutes} of its ${total} connections for more than 5 minutes`,
    ...(nodes > asked
      ? [`  ${nodes} processes share its store and ${asked} were asked: give --gateway for each`]
      : []),
    ...findings.map((finding) => `  it says itself: ${finding}`),
  ];
}
