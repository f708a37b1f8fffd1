import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

import { until } from '../support/wait.js';
import { listeningOn } from './listening.js';
import { ProcessGroup } from './process.group.js';
import { runningProcesses } from './process.list.js';
import type { Plan, Place, ProxyName, RunningProxy } from './proxy.js';

/** Apache takes a second from the signal to its next generation. */
const HEARD_WITHIN_MS = 3_000;
const STARTS_WITHIN_MS = 15_000;
/** Apache needs nearly ten seconds with connections open. */
const ENDS_WITHIN_MS = 15_000;
const CLEANED_WITHIN_MS = 300;

/** A proxy that runs, or did. */
export class ProxyProcess implements RunningProxy {
  private group: ProcessGroup;
  private stopped: Promise<void> | undefined;

  private constructor(
    readonly name: ProxyName,
    private readonly place: Place,
    private readonly plan: Plan,
  ) {
    this.group = this.spawn();
  }

  /** Owns the folder from here on. @throws Error with the proxy's own words if it does not start */
  static async start(name: ProxyName, place: Place, plan: Plan): Promise<ProxyProcess> {
    for (const [file, text] of Object.entries(plan.files)) {
      const path = join(place.folder, file);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, text);
    }
    const proxy = new ProxyProcess(name, place, plan);
    try {
      await proxy.accepting();
      return proxy;
    } catch (error) {
      await proxy.stop();
      throw error;
    }
  }

  get port(): number {
    return this.place.port;
  }

  get pid(): number {
    return this.group.pid;
  }

  get statusUrl(): string | undefined {
    return this.plan.statusUrl;
  }

  url(path = '/'): string {
    return `ws://${this.host}:${this.port}${path.startsWith('/') ? path : `/${path}`}`;
  }

  async reload(): Promise<void> {
    const { reload } = this.plan;
    if (reload === undefined) return this.restart();
    if ('signal' in reload) return this.reloadBySignal(reload.signal);
    const [program, ...args] = reload.command;
    await promisify(execFile)(program, args, { cwd: this.place.folder, env: this.environment });
  }

  async restart(): Promise<void> {
    await this.group.end(ENDS_WITHIN_MS);
    if (this.stopped !== undefined) throw new Error(`${this.name} was stopped`);
    this.group = this.spawn();
    await this.accepting();
  }

  kill(): Promise<void> {
    return this.group.kill();
  }

  stop(): Promise<void> {
    this.stopped ??= this.end();
    return this.stopped;
  }

  private async end(): Promise<void> {
    await this.group.end(CLEANED_WITHIN_MS);
    rmSync(this.place.folder, { recursive: true, force: true, maxRetries: 5 });
  }

  private get host(): string {
    return this.place.listen === '0.0.0.0' ? '127.0.0.1' : this.place.listen;
  }

  private get environment(): NodeJS.ProcessEnv {
    return { ...process.env, ...this.plan.environment };
  }

  private spawn(): ProcessGroup {
    // Left behind by one that was killed: Apache would take the number in it for a brother that still runs.
    rmSync(join(this.place.folder, 'proxy.pid'), { force: true });
    return new ProcessGroup(this.plan.command, this.place.folder, this.environment);
  }

  private async reloadBySignal(signal: NodeJS.Signals): Promise<void> {
    const { pid } = this.group;
    const before = this.group.members().filter((member) => member !== pid);
    let signalledAt = -Infinity;
    await until(
      `${this.name} has a new generation`,
      () => {
        if (this.hasChildBeside(before)) return true;
        // HAProxy's master sleeps on a signal that comes just before it first waits for some, until another one comes.
        if (performance.now() > signalledAt + HEARD_WITHIN_MS) {
          this.group.signal(signal);
          signalledAt = performance.now();
        }
        return false;
      },
      STARTS_WITHIN_MS,
    );
    const oldOnes = (): number[] => listeningOn(this.port, before);
    await until(`the old ${this.name} listens no more`, () => oldOnes().length === 0, STARTS_WITHIN_MS);
    await this.accepting();
  }

  private hasChildBeside(before: readonly number[]): boolean {
    const { pid } = this.group;
    return runningProcesses().some((entry) => entry.parent === pid && !before.includes(entry.pid));
  }

  private async accepting(): Promise<void> {
    await until(`${this.name} accepts connections`, () => this.accepts(), STARTS_WITHIN_MS).catch(
      (error: Error) => {
        throw new Error(`${error.message}\n${this.complaints()}`, { cause: error });
      },
    );
  }

  private async accepts(): Promise<boolean> {
    if (this.group.mainHasEnded) throw new Error(`${this.name} has ended`);
    const socket = connect(this.port, this.host);
    try {
      await once(socket, 'connect');
      return true;
    } catch {
      return false;
    } finally {
      socket.destroy();
    }
  }

  /** What the proxy says of its failure, on its output or in its log. */
  private complaints(): string {
    try {
      return `${this.group.output}${readFileSync(join(this.place.folder, 'error.log'), 'utf8')}`;
    } catch {
      return this.group.output;
    }
  }
}
