import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { freePort } from '../../support/apps.js';
import { until } from '../../support/wait.js';

/** A real server on a free port of the loopback, with a folder of its own. It ends with the process that started it, however that ends. */
export class RedisServer {
  private child: ChildProcess | undefined;

  private constructor(
    readonly port: number,
    private readonly folder: string,
    private readonly options: readonly string[],
    private readonly file: readonly string[],
  ) {}

  static start(...options: string[]): Promise<RedisServer> {
    return RedisServer.create([], options);
  }

  /** With a file of options, which a Sentinel writes to. */
  static startWith(file: string, ...options: string[]): Promise<RedisServer> {
    return RedisServer.create([file], options);
  }

  private static async create(file: readonly string[], options: readonly string[]): Promise<RedisServer> {
    const folder = mkdtempSync(join(tmpdir(), 'fleet-redis-'));
    const server = new RedisServer(await freePort(), folder, options, file);
    await server.run();
    return server;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** Starts it, or starts it again with what it has saved. */
  async run(): Promise<void> {
    const own = [
      '--port',
      String(this.port),
      '--bind',
      '127.0.0.1',
      '--dir',
      this.folder,
      '--loglevel',
      'warning',
    ];
    const save = this.options.includes('--sentinel') ? [] : ['--save', ''];
    const command = ['redis-server', ...this.file, ...own, ...save, ...this.options];
    // It ends with this process.
    this.child = spawn('setpriv', ['--pdeathsig', 'KILL', ...command], { stdio: 'ignore' });
    await until(`a redis-server listens at ${this.port}`, () => this.isListening(), 20_000);
  }

  /** Ends it as a crash does. */
  async kill(): Promise<void> {
    const { child } = this;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  }

  /** Stops the process, and lets it go on, as a machine does that hangs. */
  signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
    this.child?.kill(signal);
  }

  async end(): Promise<void> {
    await this.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }

  private isListening(): Promise<boolean> {
    return new Promise((resolve) => {
      const socket = connect(this.port, '127.0.0.1')
        .once('connect', () => {
          socket.destroy();
          resolve(true);
        })
        .once('error', () => resolve(false));
    });
  }
}
