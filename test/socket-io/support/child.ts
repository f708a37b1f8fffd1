import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

import { afterEach } from '@jest/globals';

import { until } from '../../support/wait.js';

const SCRIPT = fileURLToPath(new URL('child.mjs', import.meta.url));

/** A Socket.IO client in a process of its own. */
export class IoChild {
  private output = '';

  private constructor(private readonly process: ChildProcess) {
    process.stdout!.on('data', (data) => (this.output += String(data)));
  }

  static async connect(url: string, transport: 'websocket' | 'polling'): Promise<IoChild> {
    const args = [SCRIPT, url.replace(/^ws/, 'http'), transport];
    const child = new IoChild(spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] }));
    await until('the child is connected', () => child.said('connected') > 0, 20_000);
    return child;
  }

  /** How often it printed a line. */
  said(line: string): number {
    return this.output.split('\n').filter((other) => other === line).length;
  }

  /** Stops it: its kernel goes on, its program does not. */
  freeze(): void {
    this.process.kill('SIGSTOP');
  }

  async end(): Promise<void> {
    if (this.process.exitCode !== null || this.process.signalCode !== null) return;
    const exited = once(this.process, 'exit');
    this.process.kill('SIGKILL');
    await exited;
  }
}

/** Starts clients in processes of their own that end with the test. */
export function useIoChildren(): (url: string, transport: 'websocket' | 'polling') => Promise<IoChild> {
  const children: IoChild[] = [];
  afterEach(async () => {
    for (const child of children.splice(0)) await child.end();
  });
  return async (url, transport) => {
    const child = await IoChild.connect(url, transport);
    children.push(child);
    return child;
  };
}
