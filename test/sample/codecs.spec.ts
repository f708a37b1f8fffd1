import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join, resolve } from 'node:path';

import { afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';

import { until } from '../support/wait.js';
import { compileSample } from './compile.sample.js';

jest.setTimeout(60_000);

const root = resolve(import.meta.dirname, '../..');
const sample = join(root, 'sample/05-codecs');
/** A folder of its own, since other specs build all samples meanwhile. */
const out = join(sample, 'dist/spec');

describe('the sample with a Phoenix and a SignalR client', () => {
  let running: ChildProcess;

  // Needs the library's build, which `npm test` makes before Jest.
  beforeAll(() => compileSample(sample, out));
  afterEach(() => {
    // The whole group: a stopped client outlives an app that was killed.
    if (running.pid !== undefined && running.exitCode === null && running.signalCode === null)
      process.kill(-running.pid, 'SIGKILL');
  });

  it('keeps both, closes both when they stand still, and has both back', async () => {
    const env = { ...process.env, NO_COLOR: '1', PORT: '0', CODECS_INTERVAL_MS: '600' };
    running = spawn(process.execPath, [join(out, 'main.js')], { env, detached: true });
    let output = '';
    for (const stream of [running.stdout!, running.stderr!])
      stream.on('data', (data) => (output += String(data)));
    const count = (line: RegExp): number => [...output.matchAll(line)].length;

    await until('both have talked', () => count(/^(phoenix|signalr): heard$/gm) === 2, 20_000);
    await until('they are stopped', () => output.includes('now they are stopped'), 20_000);
    // As long as nobody stopped them, both were content, and the app saw what was meant for it only.
    expect(output).toContain('server: 2 clients are connected');
    expect(count(/connection lost|heartbeat missed/g)).toBe(0);
    expect(output.match(/heard (\S+)/g)?.toSorted()).toEqual([
      'heard Shout',
      'heard handshake',
      'heard phx_join',
      'heard shout',
    ]);

    await until('both are gone', () => output.includes('both are gone'), 20_000);
    expect(count(/reason: 'timeout'/g)).toBe(2);
    await until('both are back', () => count(/^(phoenix|signalr): connected$/gm) === 4, 20_000);

    const exited = once(running, 'exit');
    running.kill('SIGTERM');
    expect(await exited).toEqual([null, 'SIGTERM']);
  });
});
