import { execFileSync, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';

import { afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { WebSocket } from 'ws';

import { until } from '../support/wait.js';
import { labFolder } from './lab.folder.js';
import { nameOf, PROXIES } from './lab.js';
import { runningProcesses } from './process.list.js';

const MAIN = `${labFolder()}/dist/test/proxy-lab/lab.main.js`;
const AS_NOBODY = ['setpriv', '--reuid=nobody', '--regid=nogroup', '--clear-groups'];

jest.setTimeout(90_000);

beforeAll(() => {
  execFileSync(process.execPath, ['node_modules/typescript/bin/tsc', '--project', labFolder()]);
});

const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

/** The lab in a process of its own, as `npm run lab` runs it. */
class RunningLab {
  private output = '';

  constructor(readonly child: ChildProcess) {
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (data) => (this.output += data));
  }

  static async start(before: readonly string[] = []): Promise<RunningLab> {
    const [program, ...args] = [...before, process.execPath, MAIN];
    const child = spawn(program!, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    children.push(child);
    const lab = new RunningLab(child);
    const done = (): boolean => lab.output.includes('Ctrl-C stops') || child.exitCode !== null;
    await until('the table is printed', done, 60_000);
    if (child.exitCode !== null) throw new Error(`the lab has ended (does dist/ exist?): ${lab.output}`);
    return lab;
  }

  /** Addresses by the name in front of them. */
  get table(): Record<string, string> {
    const rows = [...this.output.matchAll(/^(\S+(?: \w+)?)\s+(ws:\/\/\S+)/gm)];
    return Object.fromEntries(rows.map(([, name, url]) => [name, url]));
  }

  /** Leaders of the sessions it has founded: a proxy and a watch for each row. */
  sessions(): number[] {
    return runningProcesses()
      .filter(({ pid, parent, session }) => parent === this.child.pid && session === pid)
      .map(({ pid }) => pid);
  }

  folders(): string[] {
    return readdirSync(tmpdir()).filter((name) => name.startsWith(`proxy-lab-${this.child.pid}-`));
  }

  async end(signal: NodeJS.Signals): Promise<void> {
    const exited = once(this.child, 'exit');
    this.child.kill(signal);
    await exited;
  }
}

async function chat(url: string): Promise<string> {
  const socket = new WebSocket(url);
  try {
    await once(socket, 'open');
    socket.send(JSON.stringify({ event: 'chat', data: `over ${url}` }));
    const [message] = (await once(socket, 'message')) as [Buffer];
    return String(message);
  } finally {
    socket.terminate();
  }
}

async function expectEveryAddressToWork(lab: RunningLab): Promise<void> {
  expect(Object.keys(lab.table)).toEqual(expect.arrayContaining(PROXIES.map(nameOf)));
  for (const url of Object.values(lab.table)) {
    expect(await chat(url)).toBe(JSON.stringify({ event: 'chat', data: `over ${url}` }));
  }
}

describe('npm run lab', () => {
  it.each(['SIGINT', 'SIGTERM'] as const)('starts the sample behind every proxy until %s', async (signal) => {
    const lab = await RunningLab.start();
    await expectEveryAddressToWork(lab);
    const sessions = lab.sessions();
    expect(sessions).toHaveLength(2 * PROXIES.length);
    await lab.end(signal);

    expect(runningProcesses().filter(({ session }) => sessions.includes(session))).toEqual([]);
    expect(lab.folders()).toEqual([]);
  });

  it('leaves nothing behind, even if it is killed', async () => {
    const lab = await RunningLab.start();
    const sessions = lab.sessions();
    expect(sessions).toHaveLength(2 * PROXIES.length);
    await lab.end('SIGKILL');

    const left = (): unknown[] => runningProcesses().filter(({ session }) => sessions.includes(session));
    await until('no process is left', () => left().length === 0, 10_000);
    await until('no folder is left', () => lab.folders().length === 0);
    expect(left()).toEqual([]);
  });
});

/** Only root can become somebody else, and only a checkout that everybody may read can be run then. */
function canBeNobody(): boolean {
  const [program, ...args] = [...AS_NOBODY, process.execPath, '-e', "fs.readFileSync('package.json')"];
  return spawnSync(program!, args).status === 0;
}

const possible = canBeNobody();
if (!possible) console.warn('skipped: only root can run the lab as nobody, from where nobody may read');

(possible ? describe : describe.skip)('npm run lab, by somebody who is not root', () => {
  it('starts the sample behind every proxy', async () => {
    const lab = await RunningLab.start(AS_NOBODY);
    await expectEveryAddressToWork(lab);
    await lab.end('SIGTERM');

    expect(lab.folders()).toEqual([]);
  });
});
