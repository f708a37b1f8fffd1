import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

import { expect } from '@jest/globals';

import { until } from '../support/wait.js';

const root = resolve(import.meta.dirname, '../..');
export const sample = join(root, 'sample/02-browser-client');
/** A folder of its own, since other specs build all samples meanwhile. */
const out = join(sample, 'dist/spec');
export const TROUBLE_MS = 7_000;

/** Needs the library's build, which `npm test` makes before Jest. */
export async function buildSample(): Promise<void> {
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  await promisify(execFile)(process.execPath, [tsc, '--project', sample, '--outDir', out]);
  cpSync(join(sample, 'public'), join(sample, 'dist/public'), { recursive: true });
  const plain = readFileSync(join(sample, 'public/plain.html'), 'utf8').split('new WebSocket(');
  expect(plain).toHaveLength(2);
  // The plain page with the other class, and not a letter else.
  writeFileSync(join(sample, 'dist/public/healthy.html'), plain.join('new HealthyWebSocket('));
}

/** The sample as a process of its own. */
export class RunningSample {
  private output = '';
  private readonly ended: Promise<unknown>;

  private constructor(private readonly process: ChildProcess) {
    process.stdout!.on('data', (data) => (this.output += String(data)));
    process.stderr!.on('data', (data) => (this.output += String(data)));
    this.ended = once(process, 'exit');
  }

  static async start(port = '0'): Promise<RunningSample> {
    const env = {
      ...process.env,
      PORT: port,
      BROWSER_CLIENT_INTERVAL_MS: '1000',
      BROWSER_CLIENT_TROUBLE_MS: String(TROUBLE_MS),
    };
    const running = new RunningSample(spawn(process.execPath, [join(out, 'main.js')], { env }));
    await until('it listens', () => running.url !== '', 20_000);
    return running;
  }

  get url(): string {
    return /^Open (\S+) /m.exec(this.output)?.[1] ?? '';
  }

  async end(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    this.process.kill(signal);
    await this.ended;
  }
}
