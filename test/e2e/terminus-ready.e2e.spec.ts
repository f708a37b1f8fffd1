import 'reflect-metadata';

import { describe, expect, it, jest } from '@jest/globals';
import { Injectable, type BeforeApplicationShutdown } from '@nestjs/common';
import { WebSocketGateway } from '@nestjs/websockets';
import {
  ConnectionHealthIndicator,
  type ConnectionHealthModuleOptions,
  type Finding,
  type ReadinessThresholds,
} from 'nestjs-connection-health';
import { FakeClock, frozenPeer, healthyPeer } from 'nestjs-connection-health/testing';

import type { ConnectionHealthRuntime } from '../../lib/connection-health.runtime.js';
import { CONNECTION_HEALTH_RUNTIME } from '../../lib/connection-health.tokens.js';
import type { TestApp } from '../support/app.js';
import { useApps } from '../support/apps.js';
import { TestClient } from '../support/client.js';
import { DEGRADED, healthChecks, knowsDegraded, probe } from '../support/health.js';
import { refusedUpgrade } from '../support/http.client.js';
import { sleep, until } from '../support/wait.js';

jest.setTimeout(60_000);

@WebSocketGateway()
class ReadyGateway {}

function raise({ app }: TestApp, signal: Finding['signal'], severity: Finding['severity']): void {
  const { findings } = app.get<ConnectionHealthRuntime>(CONNECTION_HEALTH_RUNTIME);
  findings.raise({ signal, severity, message: `${signal} in numbers`, next_step: 'act' });
}

function clear({ app }: TestApp, signal: Finding['signal']): void {
  app.get<ConnectionHealthRuntime>(CONNECTION_HEALTH_RUNTIME).findings.clear(signal);
}

describe('isReady', () => {
  const start = useApps();
  const startReady = (
    thresholds?: ReadinessThresholds,
    options: ConnectionHealthModuleOptions = {},
  ): Promise<TestApp> => start([ReadyGateway], options, healthChecks(thresholds));

  it('is up where all is well, and says how many there are', async () => {
    const { url } = await startReady();
    await Promise.all([TestClient.connect(url), TestClient.connect(url)]);
    expect(await probe(url, 'ready')).toEqual({
      code: 200,
      overall: 'ok',
      ws: { status: 'up', connections: 2, draining: false, findings: [] },
    });
  });

  it('is degraded for a suspected leak, and still gets clients', async () => {
    const running = await startReady();
    raise(running, 'growth', 'warning');
    const answer = await probe(running.url, 'ready');
    expect(answer).toMatchObject(DEGRADED);
    expect(answer.ws).toMatchObject({
      reasons: ['suspected_leak'],
      findings: [{ signal: 'growth', severity: 'warning', message: 'growth in numbers' }],
    });
    expect('degraded' in answer.ws).toBe(!knowsDegraded);
    clear(running, 'growth');
    expect(await probe(running.url, 'ready')).toMatchObject({ code: 200, overall: 'ok' });
  });

  it('is down for a proven leak, until it has gone', async () => {
    const running = await startReady();
    raise(running, 'stale_ratio', 'critical');
    expect(await probe(running.url, 'ready')).toMatchObject({
      code: 503,
      overall: 'error',
      ws: { status: 'down', reasons: ['leak'], findings: [{ signal: 'stale_ratio' }] },
    });
    clear(running, 'stale_ratio');
    expect(await probe(running.url, 'ready')).toMatchObject({ code: 200 });
  });

  it('is degraded, then down, for clients that are gone, until they are swept; and alive all the while', async () => {
    const clock = new FakeClock();
    const { url, service } = await startReady(undefined, {
      clock,
      drain: false,
      heartbeat: { intervalMs: 10_000, timeoutMs: 5_000, enforce: 'observe' },
      leak: { minSample: 4 },
    });
    const peers = [await healthyPeer(url)];
    // Who has answered once, and then no more, is gone; who never did may only not know how.
    for (let count = 0; count < 5; count++) peers.push(await frozenPeer(url, { afterReplies: 1 }));
    await clock.advance(120_000);
    expect(await probe(url, 'ready')).toMatchObject({ code: 200, ws: { status: 'up', connections: 6 } });

    await clock.advance(210_000);
    expect(await probe(url, 'ready')).toMatchObject({
      ...DEGRADED,
      ws: { ...DEGRADED.ws, findings: [{ signal: 'stale_ratio', severity: 'warning' }] },
    });
    await clock.advance(90_000);
    expect(await probe(url, 'ready')).toMatchObject({
      code: 503,
      ws: { status: 'down', reasons: ['leak'], findings: [{ signal: 'stale_ratio', severity: 'critical' }] },
    });
    expect(await probe(url, 'live')).toMatchObject({ code: 200, ws: { status: 'up' } });

    const sweeping = service.sweep({ staleAfterMs: 60_000, dryRun: false });
    await clock.advance(120_000);
    expect(await sweeping).toMatchObject({ closed: 5 });
    expect(await probe(url, 'ready')).toMatchObject({ code: 200, ws: { status: 'up', connections: 1 } });
    expect(peers[0]!.isOpen).toBe(true);
    await Promise.all(peers.map((peer) => peer.end()));
  });

  it('is only degraded for a proven leak with failOnLeak: false', async () => {
    const running = await startReady({ failOnLeak: false });
    raise(running, 'stale_ratio', 'critical');
    expect(await probe(running.url, 'ready')).toMatchObject(DEGRADED);
  });

  it('stays up for findings that are no leak, and lists them', async () => {
    const running = await startReady();
    raise(running, 'clients_do_not_answer', 'critical');
    raise(running, 'idle_cut', 'warning');
    const { code, ws } = await probe(running.url, 'ready');
    expect([code, ws['status'], ws['reasons']]).toEqual([200, 'up', undefined]);
    expect(ws['findings']).toEqual([
      { signal: 'clients_do_not_answer', severity: 'critical', message: 'clients_do_not_answer in numbers' },
      { signal: 'idle_cut', severity: 'warning', message: 'idle_cut in numbers' },
    ]);
  });

  it('is degraded near its capacity, down above it, and up again when clients have left', async () => {
    const { url, service } = await startReady({ maxConnections: 3, degradedConnections: 2 });
    const clients = [await TestClient.connect(url), await TestClient.connect(url)];
    expect(await probe(url, 'ready')).toMatchObject({ code: 200, ws: { status: 'up' } });
    clients.push(await TestClient.connect(url));
    expect(await probe(url, 'ready')).toMatchObject(DEGRADED);
    clients.push(await TestClient.connect(url));
    expect(await probe(url, 'ready')).toMatchObject({
      code: 503,
      ws: { status: 'down', connections: 4, reasons: ['over_capacity'] },
    });
    expect(clients.every(({ isOpen }) => isOpen)).toBe(true);
    for (const { socket } of clients.splice(0, 2)) socket.close();
    await until('two have left', () => service.snapshot().total_connections === 2);
    expect(await probe(url, 'ready')).toMatchObject({ code: 200, ws: { status: 'up' } });
  });

  it('is down from the first moment of a drain, while everybody is still connected, and after it', async () => {
    const { url, service } = await startReady({}, { drain: { readinessDelayMs: 400, timeoutMs: 1_000 } });
    const client = await TestClient.connect(url);
    const drained = service.drain();
    const down = { code: 503, ws: { status: 'down', draining: true, reasons: ['draining'] } };
    expect(await probe(url, 'ready')).toMatchObject({ ...down, ws: { ...down.ws, connections: 1 } });
    expect(await refusedUpgrade(url)).toEqual({ status: 503, retryAfter: '35' });
    expect(client.messages).toEqual([]);
    expect(client.isOpen).toBe(true);
    await drained;
    expect(await probe(url, 'ready')).toMatchObject({ ...down, ws: { ...down.ws, connections: 0 } });
    await until('the client has heard', () => client.closed !== undefined);
    expect(client.closed).toMatchObject({ code: 1012 });
    expect(client.messages.map((text) => (JSON.parse(text) as { type: string }).type)).toEqual([
      'server_drain',
    ]);
  });

  it.each([true, false])('is down as soon as the app begins to close; drain: %s', async (drains) => {
    const seen: unknown[] = [];

    /** Its hooks run before ours, since it is not global; and they take a while. */
    @Injectable()
    class Slow implements BeforeApplicationShutdown {
      constructor(private readonly indicator: ConnectionHealthIndicator) {}
      async beforeApplicationShutdown(): Promise<void> {
        await sleep(50);
        seen.push(await this.indicator.isReady('ws'));
      }
    }

    const { app } = await start([ReadyGateway], drains ? {} : { drain: false }, { providers: [Slow] });
    await app.close();
    expect(seen).toMatchObject([{ ws: { status: 'down', draining: false, reasons: ['closing'] } }]);
  });

  it('rejects thresholds that cannot be used, in words', async () => {
    const { app, url } = await startReady({ maxConnections: -1 });
    expect((await fetch(`${url.replace('ws:', 'http:')}/ready`)).status).toBe(500);
    const asked = app.get(ConnectionHealthIndicator).isReady('ws', { maxConnections: -1 });
    await expect(asked).rejects.toMatchObject({
      name: 'ConnectionHealthArgumentError',
      code: 'INVALID_ARGUMENT',
      message: 'isReady(): thresholds.maxConnections: expected a whole number from 1, got -1',
    });
  });
});
