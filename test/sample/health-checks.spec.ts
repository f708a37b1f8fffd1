import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join, resolve } from 'node:path';

import { afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';

import { TestClient } from '../support/client.js';
import { until } from '../support/wait.js';
import { compileSample } from './compile.sample.js';

jest.setTimeout(60_000);

const root = resolve(import.meta.dirname, '../..');
const sample = join(root, 'sample/03-health-checks');
/** A folder of its own, since other specs build all samples meanwhile. */
const out = join(sample, 'dist/spec');

/** An answer of Terminus. */
interface Check {
  readonly code: number;
  readonly status: string;
  readonly details: { readonly websockets: Record<string, unknown> };
}

async function probe(address: string): Promise<Check> {
  const response = await fetch(address);
  return { code: response.status, ...((await response.json()) as Omit<Check, 'code'>) };
}

describe('the health check sample', () => {
  let running: ChildProcess;

  // Needs the library's build, which `npm test` makes before Jest.
  beforeAll(() => compileSample(sample, out));
  afterEach(() => void running.kill('SIGKILL'));

  async function start(environment: Record<string, string>): Promise<Record<string, string>> {
    const env = { ...process.env, NO_COLOR: '1', PORT: '0', ...environment };
    running = spawn(process.execPath, [join(out, 'main.js')], { env });
    let output = '';
    for (const stream of [running.stdout!, running.stderr!])
      stream.on('data', (data) => (output += String(data)));
    const addresses = (): RegExpMatchArray[] => [
      ...output.matchAll(/^(liveness|readiness|clients) +(\S+)$/gm),
    ];
    await until('it says where it is', () => addresses().length === 3, 20_000);
    return Object.fromEntries(addresses().map(([, name, address]) => [name!, address!]));
  }

  it('answers both probes, and is not ready but alive above its capacity', async () => {
    const { liveness, readiness, clients } = await start({ MAX_CONNECTIONS: '2' });
    expect(await probe(liveness!)).toMatchObject({ code: 200, details: { websockets: { status: 'up' } } });
    expect(await probe(readiness!)).toMatchObject({
      code: 200,
      status: 'ok',
      details: { websockets: { status: 'up', connections: 0 } },
    });

    await Promise.all([TestClient.connect(clients!), TestClient.connect(clients!)]);
    expect(await probe(readiness!)).toMatchObject({
      code: 200,
      status: 'degraded',
      details: { websockets: { status: 'degraded', reasons: ['near_capacity'] } },
    });

    await TestClient.connect(clients!);
    expect(await probe(readiness!)).toMatchObject({
      code: 503,
      status: 'error',
      details: { websockets: { status: 'down', connections: 3, reasons: ['over_capacity'] } },
    });
    expect(await probe(liveness!)).toMatchObject({ code: 200, status: 'ok' });
  });

  it('is not ready from the SIGTERM on, lets its clients go after the delay, and ends', async () => {
    const { readiness, clients } = await start({ READINESS_DELAY_MS: '800' });
    const client = await TestClient.connect(clients!);
    const exited = once(running, 'exit');
    running.kill('SIGTERM');
    let answer = await probe(readiness!);
    while (answer.code === 200) answer = await probe(readiness!);
    expect(answer).toMatchObject({ code: 503, details: { websockets: { status: 'down', connections: 1 } } });
    expect(client.isOpen).toBe(true);

    expect(await exited).toEqual([null, 'SIGTERM']);
    await until('the client has heard', () => client.closed !== undefined);
    expect(client.messages.map((text) => (JSON.parse(text) as { type: string }).type)).toEqual([
      'server_drain',
    ]);
    expect(client.closed).toMatchObject({ code: 1012 });
  });
});
