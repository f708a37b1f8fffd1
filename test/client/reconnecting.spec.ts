import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { WebSocketGateway } from '@nestjs/websockets';
import type { ReconnectAdvice } from 'nestjs-connection-health/client';

import { useApps } from '../support/apps.js';
import { sleep, until } from '../support/wait.js';
import { useClients } from './support/clients.js';
import { useServers } from './support/plain.server.js';

@WebSocketGateway()
class QuietGateway {}

describe('after a close', () => {
  const serve = useServers();
  const connect = useClients();
  const startApp = useApps();
  afterEach(() => {
    jest.restoreAllMocks();
  });

  it.each([1000, 1008, 3000, 4003, 4400])('with %p a client stays away, and says so once', async (code) => {
    const server = await serve(({ socket }) => socket.close(code, 'go'));
    const client = connect(server.url);
    await until('it has ended', () => client.of('end').length > 0);
    expect(client.of('close')).toHaveLength(1);
    expect(client.of('close')[0]).toMatchObject({
      code,
      reason: 'go',
      wasClean: true,
      willReconnect: false,
    });
    expect(client.of('close')[0]!.retryInMs).toBeUndefined();
    expect(client.of('end')[0]).toMatchObject({ reason: 'not_wanted' });
    expect(client.socket.readyState).toBe(3);
    await sleep(100);
    expect(server.connections).toHaveLength(1);
    expect(client.story.slice(-2)).toEqual(['close', 'end']);
  });

  it('without a code (1005) a client stays away', async () => {
    const server = await serve(({ socket }) => socket.close());
    const client = connect(server.url);
    await until('it has ended', () => client.of('end').length > 0);
    expect(client.of('close')[0]).toMatchObject({ code: 1005, willReconnect: false });
  });

  it.each([1001, 1011, 1012, 1013, 4000, 4001, 4002])('with %p a client comes back', async (code) => {
    const server = await serve(({ socket }) => server.connections.length < 3 && socket.close(code));
    const client = connect(server.url);
    await until('it has come back twice', () => server.connections.length === 3 && client.isOpen);
    expect(client.of('close').map((event) => [event.code, event.willReconnect])).toEqual([
      [code, true],
      [code, true],
    ]);
    expect(client.of('end')).toEqual([]);
  });

  it('the app has the first word: never, now, backoff, or none', async () => {
    const server = await serve(({ socket }) => socket.close(4001 + server.connections.length, 'go'));
    const asked: object[] = [];
    const advice: Record<number, ReconnectAdvice | undefined> = {
      4002: 'now',
      4003: 'backoff',
      4004: 'never',
    };
    const client = connect(server.url, {
      backoff: { initialMs: 200, maxMs: 200 },
      reconnect: (ending) => {
        asked.push(ending);
        return advice[ending.code];
      },
    });
    await until('it has ended', () => client.of('end').length > 0);
    expect(asked).toEqual([
      { code: 4002, reason: 'go', wasClean: true },
      { code: 4003, reason: 'go', wasClean: true },
      { code: 4004, reason: 'go', wasClean: true },
    ]);
    const [now, later, never] = client.of('close');
    expect(now!.retryInMs).toBe(0);
    expect(later!.retryInMs).toBeGreaterThan(0);
    expect(never!.willReconnect).toBe(false);
  });

  it('an app that fails to say is told, and the code decides', async () => {
    const server = await serve(({ socket }) => server.connections.length < 2 && socket.close(1012));
    const client = connect(server.url, {
      reconnect: () => {
        throw new Error('no idea');
      },
    });
    await until('it is back', () => server.connections.length === 2 && client.isOpen);
    expect(client.story).toEqual(['open', 'error', 'close', 'open']);
    expect(client.of('error')[0]!.error).toMatchObject({ message: 'no idea' });
  });

  it('so many attempts are made and no more, and that is the end', async () => {
    const server = await serve();
    const client = connect(server.url, { maxRetries: 3, minUptimeMs: 0 });
    await until('it is open', () => client.isOpen);
    await server.stop();
    await until('it has given up', () => client.of('end').length > 0);
    await sleep(100);
    expect(client.of('end')).toHaveLength(1);
    expect(client.of('end')[0]).toMatchObject({ reason: 'max_retries' });
    // The connection itself, and three attempts.
    expect(client.of('close').map(({ willReconnect }) => willReconnect)).toEqual([true, true, true, false]);
    expect(client.story.at(-1)).toBe('end');
  });

  it('pauses grow as long as connections are short, and begin anew after a long one', async () => {
    jest.spyOn(Math, 'random').mockReturnValue(0.75);
    const server = await serve(({ socket }) => {
      if (server.connections.length < 5) setTimeout(() => socket.terminate(), 10);
    });
    const client = connect(server.url, { backoff: { initialMs: 16, maxMs: 64 }, minUptimeMs: 300 });
    await until('it is open', () => server.connections.length === 5 && client.isOpen);
    await sleep(350);
    server.last!.socket.terminate();
    await until('it is back', () => server.connections.length === 6 && client.isOpen);
    expect(client.of('close').map(({ retryInMs }) => retryInMs)).toEqual([12, 24, 48, 48, 12]);
  });

  it('of a server that is drained, comes back at the time it was told', async () => {
    const app = await startApp([QuietGateway], {
      heartbeat: { intervalMs: 500 },
      drain: { spreadMs: 0, reconnectSpreadMs: 5_000, timeoutMs: 2_000 },
    });
    const clients = Array.from({ length: 10 }, () => connect(app.url, { reconnect: () => undefined }));
    await until('all are open', () => clients.every(({ isOpen }) => isOpen));
    const raw: number[] = [];
    for (const { socket } of clients) socket.addEventListener('message', () => raw.push(1));
    await app.service.drain();
    await until('all were closed', () => clients.every((client) => client.of('close').length === 1));
    const pauses = clients.map((client) => client.of('close')[0]!.retryInMs!);
    for (const client of clients)
      expect(client.of('close')[0]).toMatchObject({ code: 1012, wasClean: true, willReconnect: true });
    // Backoff would be 20 ms at most.
    expect(pauses.filter((pause) => pause > 40).length).toBeGreaterThan(7);
    expect(Math.max(...pauses)).toBeLessThanOrEqual(5_000);
    expect(raw).toEqual([]);
  });

  it('that the server announced, under a code of its own too', async () => {
    const server = await serve(({ socket }) => {
      if (server.connections.length > 1) return;
      socket.send('{"type":"server_drain","reconnectInMs":2000}');
      socket.close(4242);
    });
    const client = connect(server.url);
    await until('it was closed', () => client.of('close').length > 0);
    const closedAt = performance.now();
    expect(client.of('close')[0]!.retryInMs).toBeGreaterThan(1_000);
    await until('it is back', () => client.of('open').length === 2);
    expect(performance.now() - closedAt).toBeGreaterThan(1_000);
  });

  it('for a flood of heartbeats (1008) stays away', async () => {
    const app = await startApp([QuietGateway], { heartbeat: { intervalMs: 1_000, maxPerInterval: 5 } });
    const client = connect(app.url);
    await until('it is open', () => client.isOpen);
    for (let ts = 0; ts < 50; ts++) client.socket.send(JSON.stringify({ type: 'client_ping', ts }));
    await until('it has ended', () => client.of('end').length > 0);
    expect(client.of('close')[0]).toMatchObject({ code: 1008, willReconnect: false });
  });

  it('gives up a handshake that is not answered, and tries again', async () => {
    let isAnswering = false;
    const server = await serve(undefined, {
      verifyClient: (_info, answer: (isAccepted: boolean) => void) => {
        if (isAnswering) answer(true);
      },
    });
    const client = connect(server.url, { connectTimeoutMs: 100 });
    await until('it has given up twice', () => client.of('close').length === 2);
    expect(client.of('close')[0]).toMatchObject({ code: 1006, reason: 'connect_timeout', wasClean: false });
    isAnswering = true;
    await until('it is open', () => client.isOpen);
    expect(server.open).toHaveLength(1);
    // What was set for the handshake is over with it.
    await sleep(300);
    expect(client.isOpen).toBe(true);
    expect(client.of('open')).toHaveLength(1);
  });
});
