import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

import { afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';

import { until } from '../support/wait.js';
import { compileSample } from './compile.sample.js';

jest.setTimeout(90_000);

const root = resolve(import.meta.dirname, '../..');
const sample = join(root, 'sample/04-socket-io');
/** A folder of its own, since other specs build all samples meanwhile. */
const out = join(sample, 'dist/spec');

describe('the Socket.IO sample', () => {
  let running: ChildProcess;

  // Needs the library's build, which `npm test` makes before Jest.
  beforeAll(() => compileSample(sample, out));
  afterEach(() => {
    try {
      // Whatever is left of its process group, stopped clients included.
      process.kill(-running.pid!, 'SIGKILL');
    } catch {
      // Nothing is.
    }
  });

  it('finds its ghosts, brings one of them back with all that it missed, and sends everybody away', async () => {
    const env = { ...process.env, NO_COLOR: '1', PORT: '0', SOCKET_IO_INTERVAL_MS: '2000' };
    running = spawn(process.execPath, [join(out, 'main.js')], { env, detached: true });
    let output = '';
    for (const stream of [running.stdout!, running.stderr!])
      stream.on('data', (data) => (output += String(data)));
    const said = (who: string, what: RegExp): boolean =>
      output.split('\n').some((line) => new RegExp(`^ *[\\d.]+ s  ${who} +`).test(line) && what.test(line));

    await until('all have come', () => (output.match(/ has come/g) ?? []).length >= 3, 20_000);
    const page = /http:\S+\/connection-health(?=\/dashboard)/.exec(output)![0];
    expect((await fetch(`${page}/dashboard`)).status).toBe(200);
    const ghost = /is closed: timeout, a ghost of the kind silent/;
    await until('finn is found', () => said('server', new RegExp(`finn.*${ghost.source}`)), 20_000);
    await until('tess is found', () => said('server', new RegExp(`tess.*${ghost.source}`)), 20_000);
    await until('tess is back', () => said('tess', /I am back, recovered/), 20_000);
    expect(said('tess', /recovered: [1-9]\d* headlines were kept for me, 0 are missing/)).toBe(true);
    expect(said('server', /ada.*(does not answer|is closed)/)).toBe(false);

    const exited = once(running, 'exit');
    running.kill('SIGINT');
    await exited;
    expect(said('server', /sends \d+ clients away/)).toBe(true);
    expect(said('ada', /I am asked to come back in \d+ ms/)).toBe(true);
    expect(said('server', /ada.*is closed: shutdown/)).toBe(true);
    // Its clients have gone with it: nobody is left in its process group.
    expect(() => process.kill(-running.pid!, 0)).toThrow(/ESRCH/);
  });

  it('is described as it is', () => {
    const readme = readFileSync(join(sample, 'README.md'), 'utf8');
    const files = [...readme.matchAll(/\]\((?!\.\.)([\w./-]+)\)/g)].map(([, path]) => path!);
    expect(files.length).toBeGreaterThan(4);
    for (const file of files) expect(readFileSync(join(sample, file), 'utf8')).not.toBe('');
  });
});
