import { once } from 'node:events';

import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';

import { TestClient } from '../support/client.js';
import type { TestProcess } from '../support/process.js';
import { sleep, until } from '../support/wait.js';
import { NestHome, type ServerOrder } from './terminus.home.js';

jest.setTimeout(60_000);

const CLIENTS = 5;
const DRAIN = { readinessDelayMs: 2_000, spreadMs: 200, timeoutMs: 1_500, reconnectSpreadMs: 1_000 };
const TERMINUS_MS = 500;
/** For a busy machine. */
const SLACK_MS = 1_200;

/** What a readiness probe was answered, and when. */
interface Answer {
  readonly at: number;
  readonly code: number;
  /** Our indicator's word, whatever Terminus says of the app. */
  readonly own: string;
}

/** Asks again and again until nobody answers. */
async function watchReadiness(port: number, answers: Answer[]): Promise<void> {
  for (;;) {
    try {
      const url = `http://127.0.0.1:${port}`;
      const { status } = await fetch(`${url}/ready`);
      const bare = (await (await fetch(`${url}/bare`)).json()) as { ready: { status: string } };
      answers.push({ at: performance.now(), code: status, own: bare.ready.status });
    } catch {
      return;
    }
    await sleep(10);
  }
}

function kindsOf({ messages }: TestClient): string[] {
  return messages.map((text) => (JSON.parse(text) as { type: string }).type);
}

const homes: Partial<Record<11 | 12, NestHome>> = {};

describe('SIGTERM with Terminus beside us', () => {
  let server: TestProcess | undefined;
  beforeAll(() => {
    for (const nest of [11, 12] as const) homes[nest] = new NestHome(nest);
  });
  afterEach(() => server?.end());
  afterAll(() => {
    for (const home of Object.values(homes)) home.remove();
  });

  async function boot(nest: 11 | 12, order: ServerOrder): Promise<{ port: number; clients: TestClient[] }> {
    server = homes[nest]!.start(order);
    const port = await server.receive<number>('port');
    const url = `ws://127.0.0.1:${port}`;
    const clients = await Promise.all(Array.from({ length: CLIENTS }, () => TestClient.connect(url)));
    return { port, clients };
  }

  describe.each([
    // Our module is global by default, and Nest runs the hooks of global modules last.
    { nest: 12, build: 'esm', first: 'ours', isGlobal: true },
    { nest: 12, build: 'cjs', first: 'terminus', isGlobal: false },
    { nest: 12, build: 'esm', first: 'ours', isGlobal: false },
    { nest: 11, build: 'cjs', first: 'ours', isGlobal: true },
    { nest: 11, build: 'esm', first: 'terminus', isGlobal: false },
    { nest: 11, build: 'cjs', first: 'ours', isGlobal: false },
  ] as const)('Nest $nest, $build, $first first, global: $isGlobal', ({ nest, build, first, isGlobal }) => {
    const isOursFirst = first === 'ours' && !isGlobal;

    it('not ready, then server_drain, then 1012, then the end, in the time of both delays and the drain', async () => {
      const options = { isGlobal, drain: DRAIN, logging: { level: 'off' } };
      const { port, clients } = await boot(nest, { build, first, terminusMs: TERMINUS_MS, options });
      const answers: Answer[] = [];
      const watched = watchReadiness(port, answers);
      await until('it was asked', () => answers.length > 1, 20_000);
      const exited = once(server!.child, 'exit');
      const killedAt = performance.now();
      server!.child.kill('SIGTERM');

      while ((await server!.receive<string>('event')) !== 'drain_started');
      const drainsAfterMs = performance.now() - killedAt;
      await expect(TestClient.connect(`ws://127.0.0.1:${port}`)).rejects.toThrow('503');
      expect(clients.every(({ isOpen }) => isOpen)).toBe(true);

      expect(await exited).toEqual([null, 'SIGTERM']);
      const tookMs = performance.now() - killedAt;
      await watched;
      await until('all have heard', () => clients.every(({ closed }) => closed !== undefined));

      for (const client of clients) {
        expect(kindsOf(client)).toEqual(['server_drain']);
        expect(client.closed).toMatchObject({ code: 1012, reason: 'service restart' });
      }
      const before = answers.filter(({ at }) => at < killedAt);
      expect(new Set(before.map(({ code, own }) => `${code} ${own}`))).toEqual(new Set(['200 up']));
      const firstDown = answers.findIndex(({ code }) => code === 503);
      const after = answers.slice(firstDown);
      expect(new Set(after.map(({ code, own }) => `${code} ${own}`))).toEqual(new Set(['503 down']));

      const firstClosedAt = Math.min(...clients.map(({ closed }) => closed!.at));
      const warnedMs = firstClosedAt - after[0]!.at;
      expect(after[0]!.at - killedAt).toBeLessThan(SLACK_MS);
      expect(warnedMs).toBeGreaterThan(DRAIN.readinessDelayMs - SLACK_MS + (isOursFirst ? 0 : TERMINUS_MS));
      expect(drainsAfterMs).toBeGreaterThan(isOursFirst ? 0 : TERMINUS_MS - 50);
      expect(tookMs).toBeGreaterThan(TERMINUS_MS + DRAIN.readinessDelayMs - 50);
      expect(tookMs).toBeLessThan(TERMINUS_MS + DRAIN.readinessDelayMs + DRAIN.timeoutMs + 2 * SLACK_MS);
    });
  });

  it("during Terminus' delay newcomers are let in, and sent away with the others", async () => {
    const options = { drain: { ...DRAIN, readinessDelayMs: 0 }, logging: { level: 'off' } };
    const order = { build: 'esm', first: 'terminus', terminusMs: 2_000, options } as const;
    const { port } = await boot(12, order);
    const exited = once(server!.child, 'exit');
    server!.child.kill('SIGTERM');
    while ((await fetch(`http://127.0.0.1:${port}/ready`)).status === 200);
    const late = await TestClient.connect(`ws://127.0.0.1:${port}`);
    await exited;
    await until('it has heard', () => late.closed !== undefined);
    expect([...kindsOf(late), late.closed?.code]).toEqual(['server_drain', 1012]);
  });

  it('a frozen client does not make it last longer than the two delays and the time of the drain', async () => {
    const options = { drain: DRAIN, logging: { level: 'off' } };
    const { clients } = await boot(12, { build: 'esm', first: 'ours', terminusMs: TERMINUS_MS, options });
    clients[0]!.freeze();
    const exited = once(server!.child, 'exit');
    const killedAt = performance.now();
    server!.child.kill('SIGTERM');
    expect(await exited).toEqual([null, 'SIGTERM']);
    const tookMs = performance.now() - killedAt;
    expect(tookMs).toBeGreaterThan(DRAIN.readinessDelayMs + DRAIN.timeoutMs - 50);
    expect(tookMs).toBeLessThan(TERMINUS_MS + DRAIN.readinessDelayMs + DRAIN.timeoutMs + 2 * SLACK_MS);
    await until('the others have heard', () => clients.slice(1).every(({ closed }) => closed?.code === 1012));
  });
});
