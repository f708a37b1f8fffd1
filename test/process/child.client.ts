import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

import { until } from '../support/wait.js';

const SCRIPT = fileURLToPath(new URL('client.mjs', import.meta.url));

/** A client in a process of its own. */
export class ChildClient {
  private output = '';

  private constructor(readonly process: ChildProcess) {
    process.stdout!.on('data', (data) => (this.output += String(data)));
  }

  /** @param within the command that runs it, for example `ip netns exec name` */
  static async connect(url: string, within: readonly string[] = []): Promise<ChildClient> {
    const [command, ...args] = [...within, process.execPath, SCRIPT, url];
    const client = new ChildClient(spawn(command!, args, { stdio: ['pipe', 'pipe', 'inherit'] }));
    await until('the client has connected', () => client.said('open') > 0, 20_000);
    return client;
  }

  /** How often it printed a line. */
  said(line: string): number {
    return this.output.split('\n').filter((other) => other === line).length;
  }

  signal(signal: NodeJS.Signals): void {
    this.process.kill(signal);
  }

  async end(): Promise<void> {
    if (this.process.exitCode !== null || this.process.signalCode !== null) return;
    const exited = once(this.process, 'exit');
    this.process.kill('SIGKILL');
    await exited;
  }
}
