import { auditCommand } from '../../../lib/audit/audit.command.js';
import type { AuditReport } from '../../../lib/audit/report/audit.report.js';
import { TOKEN } from './audited.app.js';

/** What a run of the command gave. */
export interface AuditRun {
  readonly exitCode: number;
  readonly out: string;
  readonly steps: readonly string[];
}

/** Runs the command as the command line does, with short times. */
export async function runAudit(...args: string[]): Promise<AuditRun> {
  const [out, steps]: [string[], string[]] = [[], []];
  const exitCode = await auditCommand.run(['--token', TOKEN, '--idle', '4', '--wait', '1.5', ...args], {
    out: (line) => out.push(line),
    err: () => undefined,
    progress: (text) => steps.push(text),
  });
  return { exitCode, out: out.join('\n'), steps };
}

/** The same with `--json`, read. */
export async function runAuditJson(...args: string[]): Promise<AuditReport> {
  const { exitCode, out } = await runAudit('--json', '--max-frame', '262144', ...args);
  const report = JSON.parse(out) as AuditReport;
  if (report.exitCode !== exitCode)
    throw new Error(`exit code ${exitCode}, but ${report.exitCode} in the report`);
  return report;
}
