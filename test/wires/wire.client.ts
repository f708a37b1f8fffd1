import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** An unmodified client of some wire in a process of its own, which prints what happens to it. */
export class WireClient {
  private output = '';

  private constructor(private readonly process: ChildProcess) {
    process.stdout!.on('data', (data) => (this.output += String(data)));
  }

  /** @param script beside this file, without its ending */
  static start(script: string, ...args: (string | number)[]): WireClient {
    const path = fileURLToPath(new URL(`${script}.client.mjs`, import.meta.url));
    const options = { stdio: ['pipe', 'pipe', 'inherit'] as ['pipe', 'pipe', 'inherit'] };
    return new WireClient(spawn(process.execPath, [path, ...args.map(String)], options));
  }

  /** Everything that it has printed. */
  get lines(): string[] {
    return this.output.split('\n').slice(0, -1);
  }

  /** How often it printed a line. */
  said(line: string): number {
    return this.lines.filter((other) => other === line).length;
  }

  /** Lets it talk to the app; prints `heard` when the app has answered. */
  talk(): void {
    this.process.stdin!.write('talk\n');
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
