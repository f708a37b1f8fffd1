import { describe, expect, it } from '@jest/globals';
import { Inject } from '@nestjs/common';
import { ConnectedSocket, MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import {
  ConnectionHealthService,
  type ConnectionHealthModuleOptions,
  type ConnectionSnapshot,
} from 'nestjs-connection-health';

import type { TestApp } from '../../support/app.js';
import { useApps } from '../../support/apps.js';
import { TestClient, type ClientBehaviour } from '../../support/client.js';
import { sleep, until } from '../../support/wait.js';
import { useProxies } from '../lab.js';
import { whoOf } from './servers/holding.gateway.js';

const INTERVAL_MS = 3_000;
const TIMEOUT_MS = 1_000;
/** How soon the bridge has put a connection into its pool, with much to spare. */
const POOLED_MS = 300;

@WebSocketGateway()
class LoginGateway {
  constructor(@Inject(ConnectionHealthService) private readonly health: ConnectionHealthService) {}

  @SubscribeMessage('login') login(@ConnectedSocket() client: object, @MessageBody() who: string): void {
    this.health.identify(client, who);
  }
}

describe('behind a bridge that keeps the backend side of a client that left, for the next one', () => {
  const startProxy = useProxies();
  const start = useApps();

  async function startPool(
    options: ConnectionHealthModuleOptions = {},
  ): Promise<{ running: TestApp; connect: (who: string, how?: ClientBehaviour) => Promise<TestClient> }> {
    const running = await start([LoginGateway], {
      heartbeat: { intervalMs: INTERVAL_MS, timeoutMs: TIMEOUT_MS },
      sweep: { closeTimeoutMs: 500 },
      identify: (_client, request) => whoOf(request),
      ...options,
    });
    const backend = { port: Number(new URL(running.url).port) };
    const proxy = await startProxy('lua', { backend, behaviour: 'pool' });
    return { running, connect: (who, how) => TestClient.connect(proxy.url(`/?who=${who}`), how) };
  }

  /** Ada has just answered a heartbeat, and leaves; Bob gets her connection before the next one. */
  async function handOver(
    { running, connect }: Awaited<ReturnType<typeof startPool>>,
    bobs: ClientBehaviour = {},
  ): Promise<{ ada: TestClient; bob: TestClient }> {
    const ada = await connect('ada', { state: 'hidden' });
    await until('Ada has answered', () => only(running).latencyMs !== undefined, 10_000);
    ada.socket.close(1000);
    await sleep(POOLED_MS);
    const bob = await connect('bob', bobs);
    expect(running.eventsOf('opened')).toHaveLength(1);
    return { ada, bob };
  }

  it('a connection has the name of its first client, until the app says whose it is now', async () => {
    const pool = await startPool();
    const { running } = pool;
    const { bob } = await handOver(pool);
    // No upgrade, no frame, nothing tells: the bridge must not do that, and the app must ask for a login.
    expect(only(running).identity).toBe('ada');
    bob.send({ event: 'login', data: 'bob' });
    await until('Bob has logged in', () => only(running).identity === 'bob');
    expect(running.eventsOf('identified').map(({ connection }) => connection.identity)).toEqual(['bob']);
    expect(await running.service.disconnect({ identity: 'ada' })).toBe(0);
    expect(await running.service.disconnect({ identity: 'bob' })).toBe(1);
    await until('Bob is gone', () => bob.closed !== undefined);
    expect(bob.closed).toMatchObject({ code: 4003 });
  }, 60_000);

  it('nobody is kept for a client that left: the next heartbeat ends its connection', async () => {
    const { running, connect } = await startPool();
    const ada = await connect('ada');
    await until('Ada has answered', () => only(running).latencyMs !== undefined, 10_000);
    ada.socket.close(1000);
    await until('it has ended', () => running.eventsOf('closed').length === 1, INTERVAL_MS + 3_000);
    expect(running.eventsOf('closed')).toMatchObject([{ reason: 'error', code: 1006 }]);
    expect(running.service.connections()).toEqual([]);
    await connect('bob');
    expect(only(running)).toMatchObject({ identity: 'bob' });
    expect(only(running).latencyMs).toBeUndefined();
  }, 60_000);

  it('a client that died in silence is a ghost, and its connection is nobody else’s afterwards', async () => {
    const { running, connect } = await startPool();
    const ada = await connect('ada');
    await until('Ada has answered', () => only(running).latencyMs !== undefined, 10_000);
    ada.freeze();
    await until('she is gone', () => running.eventsOf('closed').length === 1, 15_000);
    expect(running.eventsOf('closed')).toMatchObject([{ reason: 'timeout', ghost: 'proxy_answered' }]);
    await connect('bob');
    expect(running.eventsOf('opened')).toHaveLength(2);
    expect(only(running)).toMatchObject({ identity: 'bob', missed: 0 });
  }, 60_000);

  it('a client that takes over lives on its own answers', async () => {
    const pool = await startPool();
    const { running } = pool;
    const { bob } = await handOver(pool);
    bob.send({ event: 'login', data: 'bob' });
    await until('Bob has answered twice', () => bob.pings.length >= 2, 3 * INTERVAL_MS);
    await sleep(TIMEOUT_MS + 500);
    expect(bob.isOpen).toBe(true);
    expect(running.eventsOf('missed')).toEqual([]);
  }, 60_000);

  it('a client that takes over and does not answer is found in time', async () => {
    const pool = await startPool();
    const { running } = pool;
    const { bob } = await handOver(pool, { answers: false });
    bob.send({ event: 'login', data: 'bob' });
    await until(
      'it was found',
      () => running.eventsOf('closed').length === 1,
      INTERVAL_MS + TIMEOUT_MS + 3_000,
    );
    expect(running.eventsOf('closed')).toMatchObject([
      { reason: 'timeout', ghost: 'proxy_answered', connection: { identity: 'bob' } },
    ]);
  }, 60_000);

  it('nothing that the first client has shown is held for, or against, the next one', async () => {
    const pool = await startPool({
      heartbeat: { intervalMs: INTERVAL_MS, timeoutMs: TIMEOUT_MS, enforce: 'negotiated' },
    });
    const { running } = pool;
    const { bob } = await handOver(pool, { answers: false });
    expect(only(running)).toMatchObject({ clientState: 'hidden', latencyMs: expect.any(Number) });
    bob.send({ event: 'login', data: 'bob' });
    await until('Bob has logged in', () => only(running).identity === 'bob');
    expect(only(running).clientState).toBeUndefined();
    expect(only(running).latencyMs).toBeUndefined();
    // Ada spoke heartbeats; Bob has not shown yet that he does, and is not held to it.
    await until('Bob was asked twice', () => bob.pings.length >= 2, 3 * INTERVAL_MS);
    await sleep(TIMEOUT_MS + 500);
    expect(running.eventsOf('missed')).toEqual([]);
    expect(bob.isOpen).toBe(true);
  }, 60_000);
});

function only({ service }: TestApp): ConnectionSnapshot {
  const [connection, ...others] = service.connections();
  expect(others).toEqual([]);
  if (connection === undefined) throw new Error('there is no connection');
  return connection;
}
