import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

import { afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';

import type { DiagnosticsSnapshot } from 'nestjs-connection-health';

import { until } from '../support/wait.js';

jest.setTimeout(60_000);

const root = resolve(import.meta.dirname, '../..');
const sample = join(root, 'sample/01-quick-start');

/** The sample as a process of its own, with all it has said. */
class RunningSample {
  output = '';
  private readonly ended: Promise<[number | null, NodeJS.Signals | null]>;

  constructor(readonly process: ChildProcess) {
    process.stdout!.on('data', (data) => (this.output += String(data)));
    process.stderr!.on('data', (data) => (this.output += String(data)));
    this.ended = once(process, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
  }

  static start(environment: Record<string, string> = {}): RunningSample {
    const env = { ...process.env, NO_COLOR: '1', PORT: '0', QUICK_START_INTERVAL_MS: '800', ...environment };
    return new RunningSample(spawn(process.execPath, [join(sample, 'dist/main.js')], { env }));
  }

  linesWith(...parts: string[]): string[] {
    return this.output.split('\n').filter((line) => parts.every((part) => line.includes(part)));
  }

  async end(signal: NodeJS.Signals): Promise<[number | null, NodeJS.Signals | null]> {
    this.process.kill(signal);
    return this.ended;
  }

  exit(): Promise<[number | null, NodeJS.Signals | null]> {
    return this.ended;
  }

  /** Processes that it has started and that are there now. */
  children(): number[] {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map(Number)
      .filter((pid) => parentOf(pid) === this.process.pid);
  }
}

/** From `pid (name) state parent …`; the name may hold anything. */
function parentOf(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    return undefined; // it has ended meanwhile
  }
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

describe('the quick start sample', () => {
  let running: RunningSample;

  // Needs the library's build, which `npm test` makes before Jest.
  beforeAll(() => promisify(execFile)('npm', ['run', 'build:sample'], { cwd: root }));
  afterEach(() => void running.process.kill('SIGTERM'));

  it('finds its ghosts, keeps its healthy clients and leaves no process behind', async () => {
    running = RunningSample.start();
    const closed = (...parts: string[]): string[] =>
      running.linesWith("type: 'closed'", "reason: 'timeout'", ...parts);
    await until(
      'each kind of ghost is closed',
      () => closed("ghost: 'silent'").length === 4 && closed("ghost: 'proxy_answered'").length === 1,
      20_000,
    );

    expect(closed("userAgent: 'frozen-")).toHaveLength(2);
    expect(closed("userAgent: 'cut-")).toHaveLength(2);
    expect(closed("userAgent: 'proxied-1'", "ghost: 'proxy_answered'")).toHaveLength(1);
    expect(running.linesWith("type: 'opened'", "userAgent: 'healthy-")).toHaveLength(6);
    expect(running.linesWith("type: 'closed'", "userAgent: 'healthy-")).toEqual([]);
    expect(running.linesWith("type: 'missed'", "userAgent: 'healthy-")).toEqual([]);

    const children = running.children();
    // Four with clients of the chat, one with those that leave the feed.
    expect(children).toHaveLength(5);
    expect(await running.end('SIGTERM')).toEqual([null, 'SIGTERM']);
    expect(children.filter(isRunning)).toEqual([]);
  });

  it('shows a leak, explains it and sweeps it, while the page and the metrics tell of it', async () => {
    running = RunningSample.start();
    await until('the page is named', () => running.linesWith('What happens is shown at').length > 0, 10_000);
    const address = /http:\S+\/connection-health(?=\/dashboard)/.exec(running.output)![0];
    expect((await fetch(`${address}/dashboard`)).status).toBe(200);

    await until('the leak is explained', () => running.linesWith('A leak:').length === 1, 40_000);
    const leaking = (await (await fetch(address)).json()) as DiagnosticsSnapshot;
    expect(leaking.findings).toMatchObject([{ signal: 'ghosts_behind_terminating_proxy' }]);
    expect(leaking.gateways['FeedGateway']!.spared_total).toBeGreaterThanOrEqual(5);
    const metrics = await (await fetch(`${address}/metrics`)).text();
    expect(metrics).toContain('ws_leak_suspected{signal="ghosts_behind_terminating_proxy"} 1');

    await until('it is swept', () => running.linesWith('Swept:').length === 1, 30_000);
    await until(
      'the swept are gone',
      async () => {
        const { gateways } = (await (await fetch(address)).json()) as DiagnosticsSnapshot;
        return gateways['FeedGateway']!.closed_total.stale_sweep >= 50;
      },
      20_000,
    );
    expect(running.linesWith("type: 'closed'", "userAgent: 'healthy-")).toEqual([]);
  });

  it('ends by itself with exit code 0 after QUICK_START_SECONDS', async () => {
    running = RunningSample.start({ QUICK_START_SECONDS: '8' });
    await until('all have connected', () => running.linesWith("type: 'opened'").length >= 11, 10_000);
    const children = running.children();
    expect(children.length).toBeGreaterThanOrEqual(4);
    expect(await running.exit()).toEqual([0, null]);
    expect(children.filter(isRunning)).toEqual([]);
  });
});
