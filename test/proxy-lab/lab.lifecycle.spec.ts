import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { describe, expect, it } from '@jest/globals';

import { sleep, until } from '../support/wait.js';
import { startProxy, useProxies, type ProxyName } from './lab.js';
import { processesOf, runningProcesses } from './process.list.js';
import { useStages } from './stage.js';

const EVERY: readonly ProxyName[] = [
  'nginx',
  'haproxy',
  'caddy',
  'apache-http',
  'apache-wstunnel',
  'lua',
  'node',
];

const start = useProxies();
const openStage = useStages();

/** Folders of proxies that this process has started. */
function folders(): string[] {
  return readdirSync(tmpdir()).filter((name) => name.startsWith(`proxy-lab-${process.pid}-`));
}

/** Processes whose command names a folder of ours: the proxies themselves and those that watch over them. */
function namingOurFolders(): number[] {
  return runningProcesses()
    .map(({ pid }) => pid)
    .filter((pid) => commandOf(pid).includes(`proxy-lab-${process.pid}-`));
}

function commandOf(pid: number): string {
  return existsSync(`/proc/${pid}/cmdline`) ? readFileSync(`/proc/${pid}/cmdline`, 'utf8') : '';
}

describe.each(EVERY)('%s', (name) => {
  it('leaves nothing behind when it is stopped, not even with connections', async () => {
    const stage = await openStage();
    const proxy = await start(name, { backend: stage.backend });
    const { client, backend } = await stage.pair(proxy);
    const { pid } = proxy;
    expect(processesOf(pid)).toContain(pid);
    expect(folders()).toHaveLength(1);
    await Promise.all([proxy.stop(), proxy.stop()]);
    await proxy.stop();

    expect(processesOf(pid)).toEqual([]);
    expect(namingOurFolders()).toEqual([]);
    expect(folders()).toEqual([]);
    await Promise.all([client.ends(), backend.ends()]);
  });

  it('is killed with all of its processes, and comes back on the same port', async () => {
    const stage = await openStage();
    const proxy = await start(name, { backend: stage.backend });
    const { backend } = await stage.pair(proxy);
    const { pid, port } = proxy;
    await proxy.kill();

    expect(processesOf(pid)).toEqual([]);
    expect(await backend.ends()).toBe('1006');
    await proxy.restart();
    expect(proxy.port).toBe(port);
    expect(proxy.pid).not.toBe(pid);
    await stage.pair(proxy);
  });

  it('is restarted on the same port', async () => {
    const stage = await openStage();
    const proxy = await start(name, { backend: stage.backend });
    const { client, backend } = await stage.pair(proxy);
    client.socket.close();
    await backend.ends();
    const { pid } = proxy;
    await proxy.restart();

    expect(processesOf(pid)).toEqual([]);
    await stage.pair(proxy);
  });
});

it('does not take whoever has the number of a killed apache now for a brother that runs', async () => {
  const stage = await openStage();
  const proxy = await start('apache-http', { backend: stage.backend });
  await proxy.kill();
  writeFileSync(join(tmpdir(), folders()[0]!, 'proxy.pid'), `${process.pid}\n`);
  await proxy.restart();

  expect(await stage.pair(proxy)).toBeDefined();
});

describe('a reload', () => {
  it.each(['nginx', 'lua', 'haproxy'] as const)(
    'of %s lets connections live on, up to its limit',
    async (name) => {
      const stage = await openStage();
      const proxy = await start(name, { backend: stage.backend });
      const old = await stage.pair(proxy);
      const { pid } = proxy;
      await proxy.reload();
      const fresh = await stage.pair(proxy);
      old.client.socket.send('still here');
      await old.backend.gets('still here');

      expect(await old.backend.ends(8_000)).toBe('1006');
      await old.client.ends();
      expect(fresh.client.closed).toBeUndefined();
      expect(proxy.pid).toBe(pid);
    },
  );

  it.each(['apache-http', 'apache-wstunnel'] as const)('of %s lets connections live on', async (name) => {
    const stage = await openStage();
    const proxy = await start(name, { backend: stage.backend });
    const old = await stage.pair(proxy);
    await proxy.reload();
    await stage.pair(proxy);
    await sleep(500);
    old.client.socket.send('still here');
    await old.backend.gets('still here');

    expect(old.client.closed).toBeUndefined();
  });

  it('right after the start is heard by haproxy, whose master may sleep on it', async () => {
    const stage = await openStage();
    const proxy = await start('haproxy', { backend: stage.backend });
    await proxy.reload();
    await stage.pair(proxy);

    expect(processesOf(proxy.pid).length).toBeGreaterThan(1);
  });

  it('of caddy closes everybody, the backend mostly with a frame that is against the rules', async () => {
    const stage = await openStage();
    const proxy = await start('caddy', { backend: stage.backend });
    const { client, backend } = await stage.pair(proxy);
    await proxy.reload();

    expect(await client.ends()).toBe('1001');
    // Its close frame is not masked, as a client's must be. 3 times of 60 the client's answer came before it.
    expect(['1006 WS_ERR_EXPECTED_MASK', '1001']).toContain(
      [await backend.ends(), ...backend.errors].join(' '),
    );
    await stage.pair(proxy);
  });

  it('of the node bridge is a restart', async () => {
    const stage = await openStage();
    const proxy = await start('node', { backend: stage.backend });
    const { client, backend } = await stage.pair(proxy);
    await proxy.reload();

    expect([await client.ends(), await backend.ends()]).toEqual(['1006', '1006']);
    await stage.pair(proxy);
  });
});

describe('what is wrong', () => {
  it.each([
    { name: 'nginx', config: 'nonsense on;', says: /unknown directive "nonsense"/ },
    { name: 'lua', config: 'nonsense on;', says: /unknown directive "nonsense"/ },
    { name: 'haproxy', config: 'nonsense\n', says: /unknown keyword 'nonsense'/ },
    { name: 'caddy', config: 'http://:1 {\n  nonsense\n}\n', says: /unrecognized directive: nonsense/ },
    { name: 'apache-http', config: 'Nonsense on\n', says: /Invalid command 'Nonsense'/ },
  ] as const)('$name says it, and leaves nothing behind', async ({ name, config, says }) => {
    await expect(startProxy(name, { backend: { port: 1 }, config })).rejects.toThrow(says);
    expect(namingOurFolders()).toEqual([]);
    expect(folders()).toEqual([]);
  });

  it('is a behaviour that a proxy has not', async () => {
    await expect(startProxy('nginx', { backend: { port: 1 }, behaviour: 'ghost' })).rejects.toThrow(
      'nginx has no "ghost"',
    );
    expect(folders()).toEqual([]);
  });
});

describe('where it listens', () => {
  it.each(EVERY)('is for the caller to say (%s)', async (name) => {
    const stage = await openStage();
    const proxy = await start(name, { backend: stage.backend, listen: '127.0.0.3' });

    expect(proxy.url('/x')).toBe(`ws://127.0.0.3:${proxy.port}/x`);
    await stage.pair(proxy, '/x');
    await until('the path has arrived', () => stage.backends[0]?.request?.url === '/x');
  });
});
