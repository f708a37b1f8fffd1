import { describe, expect, it } from '@jest/globals';
import { WebSocketGateway } from '@nestjs/websockets';
import { Registry } from 'prom-client';
import type { LossReason } from 'nestjs-connection-health/client';

import { lossReasonOf } from '../../lib/metrics/metrics.labels.js';
import { useApps } from '../support/apps.js';
import { sleep, until } from '../support/wait.js';
import { useClients } from './support/clients.js';
import { appMessages, isOfTheClient, serverPing, speakOurs } from './support/ours.js';
import { useServers } from './support/plain.server.js';

@WebSocketGateway()
class QuietGateway {}

describe('a client that is back', () => {
  const serve = useServers();
  const connect = useClients();
  const startApp = useApps();

  it('tells the server why and for how long it was away, and the server counts it', async () => {
    const registry = new Registry();
    const { url, eventsOf, service } = await startApp([QuietGateway], {
      heartbeat: { intervalMs: 200, timeoutMs: 150 },
      metrics: { registry },
    });
    const client = connect(url, { backoff: { initialMs: 1, maxMs: 1 }, reconnect: () => 'backoff' });
    await until('it was asked', () => service.connections()[0]?.latencyMs !== undefined);
    await service.disconnect({ id: service.connections()[0]!.id });
    await until('it has told', () => eventsOf('resumed').length === 1);
    const [resumed] = eventsOf('resumed');
    expect(resumed).toMatchObject({ reason: 'closed', attempts: 1 });
    expect(resumed!.offlineMs).toBeGreaterThanOrEqual(0);
    expect(resumed!.offlineMs).toBeLessThan(2_000);
    expect(await registry.metrics()).toMatch(/^ws_client_loss_total\{.*reason="closed".*\} 1$/m);
    await sleep(500);
    expect(eventsOf('resumed')).toHaveLength(1);
    expect(client.story).toEqual(['open', 'close', 'open']);
  });

  // An attempt that fails is none of them: only the loss of a connection is told.
  it.each(['dead_server', 'drain', 'offline', 'closed', 'error'] satisfies Exclude<
    LossReason,
    'connect_timeout'
  >[])('says nothing that the metric does not know: %s', (reason) => {
    expect(lossReasonOf(reason)).toBe(reason);
  });

  it('says `drain` of a server that was drained', async () => {
    const server = await serve(speakOurs(10_000));
    connect(server.url);
    await until('it has answered', () => server.got.length === 1);
    server.last!.socket.send('{"type":"server_drain","reconnectInMs":30}');
    server.last!.socket.close(1012);
    await until('it is back', () => server.connections[1]?.got.length === 2);
    expect(JSON.parse(String(server.last!.got[0]))).toMatchObject({ reason: 'drain', attempts: 1 });
    // What was said then is over with it.
    server.last!.socket.terminate();
    await until('it is back again', () => server.connections[2]?.got.length === 2);
    expect(JSON.parse(String(server.last!.got[0]))).toMatchObject({ reason: 'error', attempts: 1 });
  });

  it('counts the attempts it took', async () => {
    const server = await serve(speakOurs(10_000));
    const { port } = server;
    const client = connect(server.url);
    await until('it has answered', () => server.got.length === 1);
    await server.stop();
    await until('attempts have failed', () => client.of('close').length > 3);
    const second = await serve(speakOurs(10_000), { port });
    await until('it is back', () => second.got.length === 2);
    const { reason, attempts, offlineMs } = JSON.parse(String(second.got[0])) as Record<string, number>;
    expect(reason).toBe('error');
    expect(attempts).toBe(client.of('close').length);
    expect(offlineMs).toBeGreaterThan(0);
  });

  it('tells nothing to a server that has never spoken our wire', async () => {
    const server = await serve();
    const client = connect(server.url);
    await until('it is open', () => client.isOpen);
    server.last!.socket.terminate();
    await until('it is back', () => client.of('open').length === 2);
    await sleep(50);
    expect(server.got).toEqual([]);
  });

  it('tells a server that speaks later, as soon as it does, and once', async () => {
    const server = await serve();
    const client = connect(server.url);
    await until('it is open', () => client.isOpen);
    server.last!.socket.terminate();
    await until('it is back', () => client.of('open').length === 2);
    for (const ts of [1, 2]) server.last!.socket.send(serverPing(10_000, ts));
    await until('both are answered', () => server.got.length === 3);
    expect(server.got.map((data) => (JSON.parse(String(data)) as { type: string }).type)).toEqual([
      'client_resume',
      'client_pong',
      'client_pong',
    ]);
  });

  it('says so before anything else, and the app hears nothing of it', async () => {
    const server = await serve(speakOurs(10_000));
    const client = connect(server.url);
    client.socket.subscribe('news', 'subscribe');
    await until('it has answered', () => server.got.length === 2);
    server.last!.socket.terminate();
    client.socket.addEventListener('close', () => client.socket.send('queued'));
    await until('it is back', () => server.connections[1]?.got.length === 4);
    const [first, ...rest] = server.last!.got;
    expect(isOfTheClient(first!)).toBe(true);
    expect(appMessages(server.last!)).toEqual(['subscribe', 'queued']);
    expect(rest.filter((data) => String(data).includes('client_resume'))).toEqual([]);
    expect(client.messages).toEqual([]);
  });
});
