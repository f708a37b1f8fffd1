import { readFileSync } from 'node:fs';

import { describe, expect, it, jest } from '@jest/globals';

import { METRICS_CATALOGUE } from '../../lib/metrics/metrics.catalogue.js';
import { filledIn, shippedDashboard, targetsOf, type Panel } from './dashboard.js';
import { mistakesIn, rowOf, selectorsOf } from './expression.js';
import { checkRules } from './promtool.js';

jest.setTimeout(60_000);

const DASHBOARD = shippedDashboard();
const TARGETS = targetsOf(DASHBOARD);
/** Metrics that no panel shows, each with the reason. */
const NOT_SHOWN: Readonly<Record<string, string>> = {};

describe('the Grafana dashboard', () => {
  it('asks for what the catalogue has', () => {
    expect(TARGETS.length).toBeGreaterThan(20);
    // What is chosen in a variable is nobody's mistake.
    expect(TARGETS.flatMap(({ expr }) => mistakesIn(expr.replace(/="?~"\$\w+"/g, '=~".*"')))).toEqual([]);
    for (const { expr } of TARGETS) expect(selectorsOf(expr)).not.toEqual([]);
  });

  it('shows every metric of the catalogue', () => {
    const shown = new Set(
      TARGETS.flatMap(({ expr }) => selectorsOf(expr).map(({ metric }) => rowOf(metric)?.name)),
    );
    const missing = Object.keys(METRICS_CATALOGUE).filter((name) => !shown.has(name));
    expect(missing).toEqual(Object.keys(NOT_SHOWN));
  });

  it('asks only for what was chosen: job, instance and, where there is one, gateway', () => {
    for (const { metric, matchers } of TARGETS.flatMap(({ expr }) => selectorsOf(expr))) {
      const chosen = matchers
        .filter(({ value }) => value.startsWith('$'))
        .map(({ label, operator, value }) => label + operator + value);
      const gateway = rowOf(metric)!.labels.includes('gateway') ? ['gateway=~$gateway'] : [];
      expect([metric, ...chosen]).toEqual([metric, 'job=~$job', 'instance=~$instance', ...gateway]);
    }
  });

  it('asks in expressions that Prometheus accepts', async () => {
    const rules = TARGETS.map(
      ({ expr }, index) => `      - record: panel_${index}\n        expr: ${JSON.stringify(filledIn(expr))}`,
    );
    const { status, output } = await checkRules(
      `groups:\n  - name: panels\n    rules:\n${rules.join('\n')}\n`,
    );
    expect({ status, output }).toEqual({
      status: 0,
      output: expect.stringContaining(`${rules.length} rules found`),
    });
  });

  it('can be provisioned: it names itself, no data source, and nothing outside', () => {
    expect(DASHBOARD).toMatchObject({ uid: 'nestjs-connection-health', schemaVersion: expect.any(Number) });
    expect(DASHBOARD.id).toBeUndefined();
    const text = readFileSync('lib/operations/grafana-dashboard.json', 'utf8');
    expect(text).not.toMatch(/__inputs|https?:/);
    const shown = DASHBOARD.panels.filter(({ type }) => type !== 'row');
    const sources = [
      ...shown.flatMap(({ datasource, targets = [] }) => [
        datasource,
        ...targets.map((target) => target.datasource),
      ]),
      ...DASHBOARD.templating.list.filter(({ type }) => type === 'query').map(({ datasource }) => datasource),
    ];
    for (const source of sources) expect(source).toEqual({ type: 'prometheus', uid: '${datasource}' });
  });

  it('lets choose data source, job, instance and gateway, of series that exist', () => {
    const { list } = DASHBOARD.templating;
    expect(list.map(({ name }) => name)).toEqual(['datasource', 'job', 'instance', 'gateway']);
    for (const { name, definition } of list.slice(1)) {
      expect(definition).toMatch(new RegExp(`^label_values\\(.*, ${name}\\)$`));
      expect(selectorsOf(definition!).map(({ metric }) => rowOf(metric)?.labels)).toEqual([['gateway']]);
    }
  });

  it('has no panel over another, none outside the grid, and an id and a title for each', () => {
    const { panels } = DASHBOARD;
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    for (const panel of panels) {
      expect(panel.title).not.toBe('');
      expect(panel.gridPos.x + panel.gridPos.w).toBeLessThanOrEqual(24);
      expect(
        panels.filter((other) => other !== panel && overlaps(panel, other)).map(({ title }) => title),
      ).toEqual([]);
    }
  });
});

function overlaps({ gridPos: one }: Panel, { gridPos: other }: Panel): boolean {
  const beside = one.x + one.w <= other.x || other.x + other.w <= one.x;
  const below = one.y + one.h <= other.y || other.y + other.h <= one.y;
  return !beside && !below;
}
