import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';

import { describe, expect, it } from '@jest/globals';
import { MemoryFleetStore } from 'nestjs-connection-health';

import { BoundedStore } from '../../lib/fleet/bounded.store.js';
import { sleep } from '../support/wait.js';

const MAX = 3;

/** Another process that says back what it hears, a little later. */
const ECHO = `
const server = require('node:net').createServer((socket) => socket.on('data', (data) => setTimeout(() => socket.write(data), 20)));
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
`;

function bounded(): BoundedStore {
  return new BoundedStore(new MemoryFleetStore({ beatMs: 100 }), MAX);
}

/** A call that is answered when the test says so. */
function held(): { readonly answer: Promise<string>; readonly settle: () => void } {
  const { promise: answer, resolve } = withResolvers();
  return { answer, settle: () => resolve('late') };
}

function withResolvers(): { readonly promise: Promise<string>; readonly resolve: (value: string) => void } {
  const made: { resolve?: (value: string) => void } = {};
  const promise = new Promise<string>((resolve) => (made.resolve = resolve));
  return { promise, resolve: (value) => made.resolve?.(value) };
}

function broken(): Promise<never> {
  throw new Error('broken');
}

describe('a store that the app has given', () => {
  it('is waited for two seconds at most, however rare its beats are: an app that closes waits for it', () => {
    const stores = [1_000, 5_000, 60_000].map((beatMs) => new MemoryFleetStore({ beatMs }));
    const patience = stores.map((store) => new BoundedStore(store, MAX).patienceMs);
    expect(patience).toEqual([400, 2_000, 2_000]);
  });

  it('is waited for no longer than a part of a beat', async () => {
    const began = performance.now();
    await expect(bounded().call(() => held().answer)).rejects.toThrow('no answer within 40 ms');
    expect(performance.now() - began).toBeGreaterThan(35);
  });

  it('may throw at once', async () => {
    await expect(bounded().call(broken)).rejects.toThrow('broken');
  });

  it('gets no more calls while it keeps as many as it may, and gets them again when it has answered', async () => {
    const store = bounded();
    const calls = Array.from({ length: MAX }, held);
    const failed = await Promise.allSettled(calls.map(({ answer }) => store.call(() => answer)));
    expect(failed.map(({ status }) => status)).toEqual(Array(MAX).fill('rejected'));
    let asked = 0;
    const ask = async (): Promise<number> => ++asked;
    await expect(store.call(ask)).rejects.toThrow('3 calls have not been answered yet');
    expect(asked).toBe(0);
    calls[0]!.settle();
    await sleep(1);
    expect(await store.call(ask)).toBe(1);
  });

  it('is heard where this process itself stood still while the answer was on its way', async () => {
    const server = spawn(process.execPath, ['-e', ECHO], { stdio: ['ignore', 'pipe', 'inherit'] });
    try {
      const [port] = (await once(server.stdout, 'data')) as [Buffer];
      const socket = connect(Number(port), '127.0.0.1');
      await once(socket, 'connect');
      const answer = bounded().call(async () => {
        socket.write('question');
        const [data] = (await once(socket, 'data')) as [Buffer];
        return String(data);
      });
      await new Promise((resolve) => setImmediate(resolve));
      const end = performance.now() + 200;
      while (performance.now() < end);
      expect(await answer).toBe('question');
      socket.destroy();
    } finally {
      server.kill('SIGKILL');
    }
  });

  it('gets no call any more from a node that is leaving', async () => {
    const store = bounded();
    store.isStopped = true;
    await expect(store.call(async () => 1)).rejects.toThrow('this node is leaving');
  });
});
