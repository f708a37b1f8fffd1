import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** How a program ended. */
export interface Ended {
  readonly status: number;
  /** What it wrote to standard output, and to both. */
  readonly stdout: string;
  readonly output: string;
}

/** Prometheus' own checker; Debian has it in the package `prometheus`. */
export function promtool(...args: string[]): Promise<Ended> {
  return run('promtool', args);
}

/** Renders the alert rules as a user does. */
export function renderAlerts(...args: string[]): Promise<Ended> {
  return run(process.execPath, ['lib/operations/render-alerts.mjs', ...args]);
}

/** Whether Prometheus would load these rules. */
export async function checkRules(rules: string): Promise<Ended> {
  const folder = mkdtempSync(join(tmpdir(), 'rules-'));
  try {
    writeFileSync(join(folder, 'rules.yml'), rules);
    return await promtool('check', 'rules', join(folder, 'rules.yml'));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** One alert of the rendered rules. */
export interface Alert {
  readonly name: string;
  readonly expr: string;
  /** Everything of it, as it stands in the file. */
  readonly text: string;
  field(name: 'severity' | 'summary' | 'description' | 'runbook'): string | undefined;
}

/** The alerts of `alerts.yml`, in its order. */
export function shippedAlerts(): Alert[] {
  return shippedRules()
    .filter((text) => text.startsWith('alert:'))
    .map((text) => ({
      name: /^alert: (\w+)$/m.exec(text)![1]!,
      expr: expressionIn(text),
      text,
      field: (name) => new RegExp(`^ +${name}: (.+)$`, 'm').exec(text)?.[1],
    }));
}

/** The expressions of all rules in `alerts.yml`, recorded ones included. */
export function shippedExpressions(): string[] {
  return shippedRules().map(expressionIn);
}

function shippedRules(): string[] {
  const [, ...rules] = readFileSync('lib/operations/alerts.yml', 'utf8').split(/^ +- (?=alert:|record:)/m);
  return rules;
}

/** What follows `expr:`, on its line or in the lines that are indented below it. */
function expressionIn(rule: string): string {
  const [, inline, block] = /^( +)?expr: (?:\|-\n((?: {10}.*\n?)+)|(.+)$)/m.exec(rule)!.slice(1);
  return (inline ?? block ?? '').trim();
}

function run(command: string, args: readonly string[]): Promise<Ended> {
  return new Promise((resolve, reject) => {
    execFile(command, args, (error, stdout, stderr) => {
      if (error !== null && typeof error.code !== 'number') reject(error);
      else resolve({ status: Number(error?.code ?? 0), stdout, output: stdout + stderr });
    });
  });
}
