import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { build } from 'esbuild';

import { diagnostics, useServers } from './numbers.js';

const REQUIRE = `import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);`;

const serve = useServers();
const execute = promisify(execFile);

describe('the program', () => {
  let folder: string;
  /** As npm links it. */
  let program: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'connection-health-bin-'));
    const outfile = join(folder, 'dist/esm/audit/bin.js');
    await build({
      entryPoints: ['lib/audit/bin.ts'],
      outfile,
      bundle: true,
      platform: 'node',
      format: 'esm',
      // `ws` is CommonJS, and asks for Node's modules that way.
      banner: { js: REQUIRE },
      logLevel: 'error',
    });
    writeFileSync(join(folder, 'package.json'), JSON.stringify({ version: '7.8.9', type: 'module' }));
    chmodSync(outfile, 0o755);
    program = join(folder, 'connection-health');
    symlinkSync(outfile, program);
  });

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('begins with the line that makes it one', () => {
    expect(readFileSync('lib/audit/bin.ts', 'utf8')).toMatch(/^#!\/usr\/bin\/env node\n/);
  });

  it('runs through the link that npm makes, and knows its version', async () => {
    expect((await execute(program, ['--version'])).stdout).toBe('7.8.9\n');
  });

  it('prints everything to a pipe, and exits with the code of the command', async () => {
    const { stdout } = await execute(program, ['proxy-config', 'openresty']);
    expect(stdout).toMatch(/^# nginx\.conf for OpenResty/);
    expect(stdout).toMatch(/\n}\n$/);
    await expect(execute(program, ['nothing'])).rejects.toMatchObject({ code: 2, stdout: '' });
  });

  it('says nothing when its reader leaves', async () => {
    const child = spawn(program, ['proxy-config', 'openresty'], { stdio: ['ignore', 'pipe', 'pipe'] });
    child.stdout.destroy();
    let complaints = '';
    child.stderr.on('data', (data) => (complaints += String(data)));
    const [code] = (await once(child, 'close')) as [number];
    expect({ code, complaints }).toEqual({ code: 141, complaints: '' });
  });

  it('reads a table of sockets from its standard input, once', async () => {
    const gateway = await serve(diagnostics(9));
    const ports = ['--listen-port', '443', '--upstream-port', '3000'];
    const child = spawn(program, ['layers', '--gateway', gateway, '--sockets', '-', ...ports]);
    let output = '';
    child.stdout.on('data', (data) => (output += String(data)));
    for (let n = 0; n < 9; n++) child.stdin.write(`ESTAB 0 0 10.0.0.1:${40_000 + n} 10.0.0.2:3000\n`);
    child.stdin.end();
    const [code] = (await once(child, 'close')) as [number];
    expect(output).toContain('the proxy: the standard input');
    expect(output).toContain('LEAK inside the proxy: 9 connections');
    expect(code).toBe(1);
  });

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('leaves at once and quietly at %s, whatever it waits for', async (signal, exitCode) => {
    const silent = createServer().listen(0, '127.0.0.1');
    const asked = once(silent, 'connection');
    await once(silent, 'listening');
    const url = `http://127.0.0.1:${(silent.address() as AddressInfo).port}/`;
    const child = spawn(program, ['layers', '--gateway', url, '--nginx', url], { stdio: 'pipe' });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (output += String(data)));
    const [socket] = (await asked) as [{ destroy(): void; on(event: string, act: () => void): void }];
    socket.on('error', () => undefined);
    child.kill(signal);
    const [code] = (await once(child, 'close')) as [number];
    silent.close();
    socket.destroy();
    expect({ code, output }).toEqual({ code: exitCode, output: '' });
  });
});
