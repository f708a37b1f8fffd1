import { readdirSync, readFileSync } from 'node:fs';

import { describe, expect, it, jest } from '@jest/globals';

import { FINDING_SIGNALS } from '../../lib/lifecycle/lifecycle.events.js';
import { METRICS_CATALOGUE } from '../../lib/metrics/metrics.catalogue.js';
import { mistakesIn, selectorsOf } from './expression.js';
import { checkRules, promtool, renderAlerts, shippedAlerts, shippedExpressions } from './promtool.js';

jest.setTimeout(60_000);

const FOLDER = 'test/operations';
const DURATION = /\b\d+(ms|[smhd])\b/g;
const MS = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1_000, ms: 1 };
const ALERTS = shippedAlerts();
/** What is told by an alert over all instances, instead of by the finding of each. */
const FINDINGS_OF_ALL_INSTANCES = ['growth', 'ghost_rate'];

function durationsIn(text: string): number[] {
  return [...text.matchAll(DURATION)].map(([all, unit]) => parseInt(all, 10) * MS[unit as keyof typeof MS]);
}

describe('the template of the alerts', () => {
  const template = readFileSync('lib/operations/alerts.template.yml', 'utf8');

  it('renders to what is shipped', async () => {
    const { stdout } = await renderAlerts();
    expect(stdout).toBe(readFileSync('lib/operations/alerts.yml', 'utf8'));
  });

  it('holds no duration that is not scaled', () => {
    expect(template.replace(/\$\{[^}]*\}/g, '').match(DURATION)).toBeNull();
  });

  it('renders at another scale to the same rules, with other durations and nothing else', async () => {
    const shipped = readFileSync('lib/operations/alerts.yml', 'utf8');
    const { stdout } = await renderAlerts('--scale', '0.01');
    expect(stdout.replace(DURATION, '…')).toBe(shipped.replace(DURATION, '…'));
    expect(durationsIn(stdout)).toEqual(durationsIn(shipped).map((ms) => ms / 100));
  });

  it('puts a prefix before the name of every metric, and nowhere else', async () => {
    const shipped = readFileSync('lib/operations/alerts.yml', 'utf8');
    const { stdout } = await renderAlerts('--prefix', 'app_');
    expect(stdout.replaceAll('app_', '')).toBe(shipped);
    for (const name of Object.keys(METRICS_CATALOGUE))
      expect(stdout.match(new RegExp(`(?<!app_)${name}`, 'g'))).toBeNull();
  });

  it.each([
    ['--scale', '0'],
    ['--scale', 'fast'],
    ['--scale', 'Infinity'],
    ['--prefix', 'my-app_'],
    ['--duration', '1m'],
  ])('is not rendered with %s %s', async (...args) => {
    const { status, stdout, output } = await renderAlerts(...args);
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(output).toContain(args[0]);
  });
});

describe('the alert rules', () => {
  it.each([{ args: [] }, { args: ['--scale', '0.001'] }, { args: ['--prefix', 'app_'] }])(
    'are accepted by Prometheus, rendered with $args',
    async ({ args }) => {
      const { stdout } = await renderAlerts(...args);
      expect(await checkRules(stdout)).toMatchObject({
        status: 0,
        output: expect.stringContaining('SUCCESS'),
      });
    },
  );

  it('ask for what the catalogue has', () => {
    const expressions = shippedExpressions();
    expect(expressions.flatMap(mistakesIn)).toEqual([]);
    expect(expressions.flatMap(selectorsOf).length).toBeGreaterThan(expressions.length);
  });

  it('leave no finding unheard', () => {
    const heard = ALERTS.flatMap(({ expr }) => selectorsOf(expr))
      .filter(({ metric }) => metric === 'ws_leak_suspected')
      .flatMap(({ matchers }) => matchers.flatMap(({ value }) => value.split('|')));
    expect([...heard, ...FINDINGS_OF_ALL_INSTANCES].sort()).toEqual([...FINDING_SIGNALS].sort());
  });

  it.each(ALERTS.map(({ name }) => name))(
    '%s says how bad it is, what it means and where to read on',
    (name) => {
      const alert = ALERTS.find((each) => each.name === name)!;
      expect(['info', 'warning', 'critical']).toContain(alert.field('severity'));
      expect(alert.field('summary')).toMatch(/\$labels\.job/);
      expect(alert.field('description')).toBeDefined();
      expect(alert.field('runbook')).toBe(`nestjs-connection-health/docs/alerts.md#${name.toLowerCase()}`);
    },
  );

  it.each(ALERTS.map(({ name }) => name))('%s speaks of labels that it has', (name) => {
    const { text, expr } = ALERTS.find((each) => each.name === name)!;
    const spoken = [...text.matchAll(/\$labels\.(\w+)/g)].map(([, label]) => label!);
    // A recorded series has the labels that its name begins with.
    const kept = [...expr.matchAll(/by \(([^)]*)\)/g)].map(([, labels]) => labels!.split(', '));
    expect(spoken.filter((label) => !kept.every((labels) => labels.includes(label)))).toEqual([]);
    expect(kept).not.toEqual([]);
  });
});

describe('each alert, on series of its own,', () => {
  const files = readdirSync(FOLDER).filter((file) => file.endsWith('.test.yml'));

  it.each(files)('fires when it must and else not: %s', async (file) => {
    expect(await promtool('test', 'rules', `${FOLDER}/${file}`)).toMatchObject({ status: 0 });
  });

  it.each(ALERTS.map(({ name }) => name))('%s has cases of both kinds, all of which are judged', (name) => {
    const file =
      `${name.slice('WebSocket'.length).replace(/(?<=[a-z])(?=[A-Z])/g, '-')}.test.yml`.toLowerCase();
    const [series, expectations] = readFileSync(`${FOLDER}/${file}`, 'utf8').split('promql_expr_test:');
    const cases = new Set([...series!.matchAll(/ series: .*[{ ]job="([^"]+)"/g)].map(([, job]) => job!));
    const firing = new Set(
      [...expectations!.matchAll(/labels: '\{job="([^"]+)"\}'/g)].map(([, job]) => job!),
    );
    expect(expectations).toContain(`max_over_time(ALERTS{alertname="${name}", alertstate="firing"}`);
    expect([...firing].filter((job) => !cases.has(job))).toEqual([]);
    expect(firing.size).toBeGreaterThanOrEqual(1);
    expect(cases.size - firing.size).toBeGreaterThanOrEqual(1);
  });
});

describe('docs/alerts.md', () => {
  const sections = new Map(
    readFileSync('docs/alerts.md', 'utf8')
      .split(/^### /m)
      .slice(1)
      .map((section) => [section.slice(0, section.indexOf('\n')), section] as const),
  );

  it('has a section for every alert, in their order, and for nothing else', () => {
    expect([...sections.keys()]).toEqual(ALERTS.map(({ name }) => name));
  });

  it.each(ALERTS.map(({ name }) => name))('says of %s how bad it is, and what to do', (name) => {
    const alert = ALERTS.find((each) => each.name === name)!;
    const section = sections.get(name)!;
    expect(section).toContain(`*${alert.field('severity')}*`);
    for (const part of ['**Means:**', '**Quantify:**', '**Next:**']) expect(section).toContain(part);
  });
});
