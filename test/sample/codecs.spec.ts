import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join, resolve } from 'node:path';

import { afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { WebSocket } from 'ws';

import { until } from '../support/wait.js';
import { compileSample } from './compile.sample.js';

jest.setTimeout(60_000);

const root = resolve(import.meta.dirname, '../..');
const sample = join(root, 'sample/05-codecs');
/** A folder of its own, since other specs build all samples meanwhile. */
const out = join(sample, 'dist/spec');

/** Not JSON, or JSON of another shape, or text that is none. */
const NONSENSE = [
  'x\x1e',
  'null\x1e',
  '{"type":1,"target":{"toString":1}}\x1e',
  '[',
  '[1]',
  '[1,1,1,{},1]',
  'null',
];
const NO_UTF8 = Buffer.from([0xff]);

/** A client that expects nothing in particular. */
async function open(url: string): Promise<WebSocket> {
  const client = new WebSocket(url);
  client.on('error', () => undefined);
  await once(client, 'open');
  return client;
}

/** Sends a frame; what comes back, or that the connection is closed. */
async function sent(client: WebSocket, frame: string | Buffer): Promise<string> {
  const answer = Promise.race([
    once(client, 'message').then(([data]) => String(data)),
    once(client, 'close').then(([code]) => `closed with ${code}`),
  ]);
  client.send(frame, { binary: false });
  return answer;
}

describe('the sample with a Phoenix and a SignalR client', () => {
  let running: ChildProcess;
  let output: string;

  function start(intervalMs: number): void {
    const env = { ...process.env, NO_COLOR: '1', PORT: '0', CODECS_INTERVAL_MS: String(intervalMs) };
    running = spawn(process.execPath, [join(out, 'main.js')], { env, detached: true });
    output = '';
    for (const stream of [running.stdout!, running.stderr!])
      stream.on('data', (data) => (output += String(data)));
  }

  const count = (line: RegExp): number => [...output.matchAll(line)].length;

  // Needs the library's build, which `npm test` makes before Jest.
  beforeAll(() => compileSample(sample, out));
  afterEach(() => {
    // The whole group: a stopped client outlives an app that was killed.
    if (running.pid !== undefined && running.exitCode === null && running.signalCode === null)
      process.kill(-running.pid, 'SIGKILL');
  });

  it('keeps both, closes both when they stand still, and has both back', async () => {
    start(600);
    await until('both have talked', () => count(/^(phoenix|signalr): heard$/gm) === 2, 20_000);
    await until('they are stopped', () => output.includes('now they are stopped'), 20_000);
    // As long as nobody stopped them, both were content, and the app saw what was meant for it only.
    expect(output).toContain('server: 2 clients are connected');
    expect(count(/connection lost|heartbeat missed|WARN/g)).toBe(0);
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

  it('outlives whatever a stranger sends, and does not fill its log with it', async () => {
    start(20_000);
    await until('both have talked', () => count(/^(phoenix|signalr): heard$/gm) === 2, 20_000);
    const [, host] = /page: http:\/\/([^/]+)/.exec(output)!;
    const [hub, channels] = [`ws://${host}/signalr`, `ws://${host}/phoenix/websocket`];

    for (const nonsense of NONSENSE.filter((frame) => frame.endsWith('\x1e')))
      expect([nonsense, await sent(await open(hub), nonsense)]).toEqual([nonsense, 'closed with 1007']);
    expect(await sent(await open(hub), NO_UTF8)).toBe('closed with 1007');
    expect(await sent(await open(hub), '{"protocol":"json","version":1}\x1e')).toBe('{}\x1e');

    const channel = await open(channels);
    for (const nonsense of NONSENSE) channel.send(nonsense);
    expect(await sent(channel, '["1","2","room:lobby","phx_join",{}]')).toContain('"status":"ok"');
    channel.close();
    expect(running.exitCode).toBeNull();
    expect(output).not.toMatch(/SyntaxError|TypeError/);
  });
});
