import type { PathFacts } from '../checks/path.facts.js';
import { seconds } from '../verdict/in.words.js';
import type { Verdict } from '../verdict/verdict.js';
import type { AuditReport } from './audit.report.js';
import { AUDIT_ROWS } from './audit.rows.js';

/** The report for people, line by line. */
export function tableOf(report: AuditReport): string[] {
  const { path, direct, verdict } = report;
  return [
    `Audit of ${path.url}${direct === null ? '' : `, beside ${direct.url}`}`,
    `In force: ${settingsInWords(path)}`,
    '',
    ...rowsOf(report),
    '',
    'Verdict',
    ...verdict.summary.map((line) => `  ${line}`),
    ...verdict.problems.map(({ severity, code, message }) => `  ${severity} (${code}): ${message}.`),
    '',
    ...adviceOf(verdict),
  ];
}

function rowsOf({ path, direct, differences }: AuditReport): string[] {
  const different = new Set(differences.map(({ what }) => what));
  const cells = AUDIT_ROWS.map(({ label, of }) => [
    label,
    of(path),
    ...(direct === null ? [] : [`${different.has(label) ? '≠ ' : '  '}${of(direct)}`]),
  ]);
  const head = direct === null ? [] : [['', 'through the proxy', '  direct']];
  const widths = [0, 1].map((column) => Math.max(...cells.map((row) => row[column]!.length)));
  return [...head, ...cells].map((row) =>
    `  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')}`.trimEnd(),
  );
}

function settingsInWords({ settings: { heartbeat, protocolPing, sweep } }: PathFacts): string {
  const pings =
    protocolPing === null
      ? 'no protocol pings'
      : protocolPing.intervalMs === null
        ? 'protocol pings with them'
        : `protocol pings every ${seconds(protocolPing.intervalMs)}`;
  return [
    heartbeat === null
      ? 'no heartbeats'
      : `heartbeats every ${seconds(heartbeat.intervalMs)}, timeout ${seconds(heartbeat.timeoutMs)}, enforce ${heartbeat.enforce}`,
    pings,
    sweep === null ? 'no sweep' : `stale after ${seconds(sweep.staleAfterMs)} (${sweep.mode})`,
  ].join(', ');
}

function adviceOf({ settings, proxyLines }: Verdict): string[] {
  const { heartbeat, proxyIdleTimeoutMs } = settings;
  const limit = proxyIdleTimeoutMs === null ? '' : `, proxyIdleTimeoutMs: ${number(proxyIdleTimeoutMs)}`;
  return [
    'Settings that fit',
    `  heartbeat: { intervalMs: ${number(heartbeat.intervalMs)}, timeoutMs: ${number(heartbeat.timeoutMs)} }${limit}`,
    ...(proxyLines.length === 0 ? [] : ['', 'Or change what lies in between']),
    ...proxyLines.flatMap(({ proxy, lines, command }) => [
      ...lines.map((line) => `  ${proxy}: ${line}`),
      ...(command === null ? [] : [`    (the whole: ${command})`]),
    ]),
  ];
}

/** As it is written in TypeScript. */
function number(value: number): string {
  return value.toLocaleString('en').replaceAll(',', '_');
}
