import { spawn, type ChildProcess } from 'node:child_process';
import { join, resolve } from 'node:path';

import { afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { FleetSnapshot } from 'nestjs-connection-health';

import { TestClient } from '../support/client.js';
import { until } from '../support/wait.js';
import { compileSample } from './compile.sample.js';

jest.setTimeout(90_000);

const root = resolve(import.meta.dirname, '../..');
const sample = join(root, 'sample/07-fleet');
/** A folder of its own, since other specs build all samples meanwhile. */
const out = join(sample, 'dist/spec');

describe('the fleet sample', () => {
  let running: ChildProcess;

  // Needs the library's build, which `npm test` makes before Jest.
  beforeAll(() => compileSample(sample, out));
  afterEach(async () => {
    if (running.exitCode === null && running.signalCode === null) {
      running.kill('SIGTERM');
      await until('it ends', () => running.exitCode !== null || running.signalCode !== null).catch(
        () => undefined,
      );
    }
    try {
      // Whatever is left of its process group.
      process.kill(-running.pid!, 'SIGKILL');
    } catch {
      // Nothing is.
    }
  });

  it('finds and evicts a user behind nginx, and loses a node that is killed', async () => {
    const env = { ...process.env, NO_COLOR: '1', PORT: '0', BEAT_MS: '1000' };
    running = spawn(process.execPath, [join(out, 'run.js')], { env, detached: true });
    let output = '';
    for (const stream of [running.stdout!, running.stderr!])
      stream.on('data', (data) => (output += String(data)));
    await until('it says where it is', () => /^lose one/m.test(output), 40_000);
    const page = /^page +(\S+)$/m.exec(output)![1]!;
    const { origin, host } = new URL(page);
    const pids = [...output.matchAll(/^node +\S+ pid (\d+)$/gm)].map(([, pid]) => Number(pid));
    expect(pids).toHaveLength(3);

    const nodes = async (): Promise<FleetSnapshot | undefined> => {
      const response = await fetch(`${origin}/nodes`).catch(() => undefined);
      return response?.ok === true ? ((await response.json()) as FleetSnapshot) : undefined;
    };
    await until('three nodes know of each other', async () => (await nodes())?.nodes === 3, 20_000);
    expect((await fetch(page)).status).toBe(200);

    const clients: TestClient[] = [];
    for (let at = 0; at < 6; at++) clients.push(await TestClient.connect(`ws://${host}/?user=anna`));
    await until('all are told of', async () => (await nodes())?.total_connections === 6, 20_000);
    const spread = (await nodes())!.members.map(({ total_connections: total }) => total);
    expect(spread.every((total) => total > 0)).toBe(true);
    const found = (await (await fetch(`${origin}/users/anna`)).json()) as { connections: unknown[] };
    expect(found.connections).toHaveLength(6);

    const evicted = await fetch(`${origin}/users/anna`, { method: 'DELETE' });
    expect(await evicted.json()).toEqual({ closing: 6, partial: false, unanswered: [] });
    for (const client of clients) await until('it is closed', () => client.closed !== undefined);
    expect(clients[0]!.closed).toMatchObject({ code: 4003, reason: 'evicted by an operator' });

    const before = output.length;
    process.kill(pids[1]!, 'SIGKILL');
    await until('two are left', async () => (await nodes())?.nodes === 2, 20_000);
    await until(
      'one tells of it',
      () => output.slice(before).includes('a node of the fleet is lost'),
      20_000,
    );
    expect(output.slice(before).split('a node of the fleet is lost')).toHaveLength(2);
  });
});
