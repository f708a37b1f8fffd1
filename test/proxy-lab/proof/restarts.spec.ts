import { afterEach, describe, expect, it } from '@jest/globals';
import { HealthyWebSocket } from 'nestjs-connection-health/client';
import { WebSocket } from 'ws';

import { useApps } from '../../support/apps.js';
import type { TestApp } from '../../support/app.js';
import { sleep, until } from '../../support/wait.js';
import { nameOf, PROXIES, useProxies, type RunningProxy } from '../lab.js';
import { expectAccount } from './account.js';
import { OursGateway, whoOf } from './servers/holding.gateway.js';

const CLIENTS = 10;
/** Much longer than a loaded machine may stop this process: retries that fell due meanwhile come all at once. */
const BACKOFF_MS = 3_000;
/** Longer than the lab lets connections of an old configuration live. */
const RELOADED_MS = 4_500;
/** Connections that change hands are another test's. */
const ROWS = PROXIES.filter(({ behaviour }) => behaviour !== 'pool');
const EVERYBODY = ROWS.flatMap((row) =>
  Array.from({ length: CLIENTS }, (_, number) => `${nameOf(row)}.${number}`),
).sort();

/** A client tried to connect. */
interface Attempt {
  readonly row: string;
  readonly number: number;
  readonly at: number;
}

describe('behind proxies of every kind, all at once', () => {
  const startProxy = useProxies();
  const clients: HealthyWebSocket[] = [];
  const attempts: Attempt[] = [];
  afterEach(() => {
    attempts.length = 0;
    for (const client of clients.splice(0)) client.close();
  });
  const start = useApps();

  async function connected(): Promise<{ running: TestApp; gateway: OursGateway; proxies: RunningProxy[] }> {
    const running = await start([OursGateway], {
      heartbeat: { intervalMs: 3_000 },
      sweep: { closeTimeoutMs: 500 },
      identify: (_client, request) => whoOf(request),
    });
    const gateway = running.app.get(OursGateway);
    const backend = { port: Number(new URL(running.url).port) };
    const proxies = await Promise.all(
      ROWS.map(({ name, behaviour }) =>
        startProxy(name, { backend, ...(behaviour === undefined ? {} : { behaviour }) }),
      ),
    );
    for (const [index, proxy] of proxies.entries()) join(proxy, nameOf(ROWS[index]!));
    await everybodyIsHere(gateway);
    return { running, gateway, proxies };
  }

  function join(proxy: RunningProxy, row: string): void {
    for (let number = 0; number < CLIENTS; number++) {
      // It is asked for the address at each attempt.
      const url = (): string => {
        attempts.push({ row, number, at: performance.now() });
        return proxy.url(`/ours?who=${encodeURIComponent(`${row}.${number}`)}`);
      };
      const backoff = { initialMs: BACKOFF_MS, maxMs: BACKOFF_MS };
      const client = new HealthyWebSocket(url, undefined, { WebSocket, backoff, minUptimeMs: 200 });
      client.addEventListener('error', () => undefined);
      clients.push(client);
    }
  }

  /** Each client has one connection, as it sees it itself, and no other is held for it. */
  function everybodyIsHere(gateway: OursGateway): Promise<void> {
    return until(
      'every client has one connection, and there is no other',
      () =>
        clients.every(({ readyState }) => readyState === HealthyWebSocket.OPEN) &&
        [...gateway.held.values()].sort().join() === EVERYBODY.join(),
      30_000,
    );
  }

  it('a reload leaves no connection behind that nobody has', async () => {
    const { running, gateway, proxies } = await connected();
    await Promise.all(proxies.map((proxy) => proxy.reload()));
    await sleep(RELOADED_MS);
    await everybodyIsHere(gateway);
    expectAccount(running, gateway, EVERYBODY.length);
    expectPlainEnds(running);
  }, 90_000);

  it.each([
    ['a restart', (proxy: RunningProxy) => proxy.restart()],
    ['SIGKILL', (proxy: RunningProxy) => proxy.kill().then(() => proxy.restart())],
  ])(
    '%s ends every connection, and everybody comes back, but not in one wave',
    async (_what, act) => {
      const { running, gateway, proxies } = await connected();
      const before = attempts.length;
      await Promise.all(proxies.map(act));
      await until('every end was told', () => running.eventsOf('closed').length >= EVERYBODY.length, 30_000);
      await everybodyIsHere(gateway);
      expectAccount(running, gateway, EVERYBODY.length);
      expectPlainEnds(running);
      expectNoWaves(attempts.slice(before));
    },
    90_000,
  );
});

/** A proxy that goes tells so: neither a heartbeat nor a look at the sockets was needed to find out. */
function expectPlainEnds({ eventsOf }: TestApp): void {
  expect(eventsOf('closed').filter(({ ghost }) => ghost !== undefined)).toEqual([]);
  expect(eventsOf('registry_mismatch')).toEqual([]);
}

/** The clients of no proxy tried to come back together; whom it then lets in when is its own affair. */
function expectNoWaves(attempts: readonly Attempt[]): void {
  for (const row of ROWS.map(nameOf)) {
    const firsts = new Map<number, number>();
    for (const attempt of attempts)
      if (attempt.row === row && !firsts.has(attempt.number)) firsts.set(attempt.number, attempt.at);
    const moments = [...firsts.values()];
    expect({ row, clients: moments.length }).toEqual({ row, clients: CLIENTS });
    // All ten within a fifth of the pause by chance: five times in a million.
    const spreadMs = Math.max(...moments) - Math.min(...moments);
    expect({ row, isWave: spreadMs < BACKOFF_MS / 5 }).toEqual({ row, isWave: false });
  }
}
