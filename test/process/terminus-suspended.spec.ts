import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';

import type { TestProcess } from '../support/process.js';
import { sleep } from '../support/wait.js';
import { NestHome } from './terminus.home.js';

jest.setTimeout(60_000);

const SWEEP = { intervalMs: 150, closeTimeoutMs: 200 };
const BOUND_MS = 2 * SWEEP.intervalMs + SWEEP.closeTimeoutMs;
const ALL_WELL = Array<number>(5).fill(200);

/** A connection that stays open between two probes, so that the next is read in the very first turn of the event loop. */
class Prober {
  private answers = '';

  private constructor(private readonly socket: Socket) {
    socket.on('data', (data) => (this.answers += String(data)));
  }

  static async connect(port: number): Promise<Prober> {
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    return new Prober(socket);
  }

  ask(path = '/live'): void {
    this.socket.write(`GET ${path} HTTP/1.1\r\nHost: probe\r\n\r\n`);
  }

  async answer(): Promise<number> {
    while (!this.answers.includes('}')) await once(this.socket, 'data');
    const code = Number(/^HTTP\/1\.1 (\d{3})/.exec(this.answers)![1]);
    this.answers = '';
    return code;
  }

  end(): void {
    this.socket.destroy();
  }
}

describe('the first probe after a time in which nothing ran', () => {
  let home: NestHome;
  let server: TestProcess;
  let probers: Prober[] = [];
  beforeAll(() => void (home = new NestHome(12)));
  beforeEach(async () => {
    const options = {
      heartbeat: { intervalMs: 300, timeoutMs: 200 },
      sweep: SWEEP,
      logging: { level: 'off' },
    };
    server = home.start({ build: 'esm', first: 'ours', terminusMs: 0, options });
    const port = await server.receive<number>('port');
    probers = await Promise.all(Array.from({ length: 5 }, () => Prober.connect(port)));
    for (const prober of probers) prober.ask();
    await answers();
    while ((await server.receive<string>('event')) !== 'swept');
  });
  afterEach(async () => {
    for (const prober of probers.splice(0)) prober.end();
    await server.end();
  });
  afterAll(() => home.remove());

  function answers(): Promise<number[]> {
    return Promise.all(probers.map((prober) => prober.answer()));
  }

  it('finds a process alive that was suspended for far longer than a sweep may be late', async () => {
    for (let round = 0; round < 4; round++) {
      const thawed = server.freeze(3 * BOUND_MS);
      await sleep(100);
      for (const prober of probers) prober.ask();
      await thawed;
      expect(await answers()).toEqual(ALL_WELL);
      await sleep(round * 70);
    }
  });

  it('finds a process alive in the very turn of the loop in which another request blocked it', async () => {
    for (let round = 0; round < 2; round++) {
      // What arrives in the meantime is read in one turn.
      const thawed = server.freeze(300);
      await sleep(100);
      const [blocker, ...others] = probers;
      blocker!.ask('/block');
      await sleep(20);
      for (const prober of others) prober.ask();
      await thawed;
      expect(await answers()).toEqual(ALL_WELL);
    }
  });
});
