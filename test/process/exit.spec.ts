import { once } from 'node:events';
import { existsSync } from 'node:fs';

import { afterEach, beforeAll, describe, expect, it } from '@jest/globals';

import { TestClient } from '../support/client.js';
import { TestProcess } from '../support/process.js';
import { until } from '../support/wait.js';

describe('a server process', () => {
  const children: TestProcess[] = [];
  beforeAll(() => {
    const isBuilt = existsSync(new URL('../../dist/esm/index.js', import.meta.url));
    if (!isBuilt) throw new Error('the package is not built: run `npm run build` first');
  });
  afterEach(async () => {
    for (const child of children.splice(0)) await child.end();
  });

  async function startServer(...args: string[]): Promise<{ server: TestProcess; client: TestClient }> {
    const server = TestProcess.start('process/server.mjs', ...args);
    children.push(server);
    const client = await TestClient.connect(`ws://127.0.0.1:${await server.receive<number>('port')}`);
    await until('it was asked', () => client.pings.length > 0);
    return { server, client };
  }

  it('with shutdown hooks exits by itself on SIGTERM, and lets its clients go', async () => {
    const { server, client } = await startServer('hooks');
    const exited = once(server.child, 'exit');
    server.child.kill('SIGTERM');
    expect(await server.receive('signal')).toBe('SIGTERM');
    expect(await exited).toEqual([0, null]);
    await until('the client knows', () => client.closed !== undefined);
  }, 60_000);

  it('that has closed its app is kept alive by nothing', async () => {
    const { server, client } = await startServer();
    const exited = once(server.child, 'exit');
    const resources = await server.ask<string[]>('close', 'resources');
    expect(resources.filter((name) => name === 'Timeout' || name === 'Immediate')).toEqual([]);
    expect(await exited).toEqual([0, null]);
    await until('the client knows', () => client.closed !== undefined);
  }, 60_000);
});
