import { expect } from '@jest/globals';

import { runCli } from '../../lib/audit/cli.js';
import type { Command } from '../../lib/audit/command.js';

/** What a run of the command line left behind. */
export interface CliRun {
  readonly exitCode: number;
  readonly out: string;
  readonly err: string;
}

/** Runs the command line in this process. */
export async function run(args: readonly string[], commands?: readonly Command[]): Promise<CliRun> {
  const out: string[] = [];
  const err: string[] = [];
  const io = {
    out: (line: string) => void out.push(line),
    err: (line: string) => void err.push(line),
    progress: () => undefined,
  };
  const exitCode = await runCli(args, { io, version: () => '1.2.3', ...(commands && { commands }) });
  return { exitCode, out: out.join('\n'), err: err.join('\n') };
}

/** The configuration that is printed for a proxy. */
export async function printed(proxy: string, ...options: readonly string[]): Promise<string> {
  const { exitCode, out, err } = await run(['proxy-config', proxy, ...options]);
  expect({ exitCode, err }).toEqual({ exitCode: 0, err: '' });
  return `${out}\n`;
}
