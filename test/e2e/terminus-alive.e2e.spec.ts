import 'reflect-metadata';

import { describe, expect, it, jest } from '@jest/globals';
import { Injectable, Module, type OnModuleInit } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { WebSocketGateway } from '@nestjs/websockets';
import {
  ConnectionHealth,
  ConnectionHealthIndicator,
  ConnectionHealthModule,
  ConnectionHealthService,
  type ConnectionHealthModuleOptions,
} from 'nestjs-connection-health';

import { SystemClock } from '../../lib/clock/clock.js';
import type { ConnectionHealthRuntime } from '../../lib/connection-health.runtime.js';
import { CONNECTION_HEALTH_RUNTIME } from '../../lib/connection-health.tokens.js';
import type { TestApp } from '../support/app.js';
import { useApps } from '../support/apps.js';
import { TestClient } from '../support/client.js';
import { healthChecks, probe } from '../support/health.js';
import { sleep, until } from '../support/wait.js';

jest.setTimeout(60_000);

/** A sweep that is due for longer than 2 × 150 + 500 ms does not come. */
const FAST: ConnectionHealthModuleOptions = {
  heartbeat: { intervalMs: 300, timeoutMs: 200 },
  sweep: { intervalMs: 150, closeTimeoutMs: 500 },
};
const BOUND_MS = 800;

@WebSocketGateway()
class AliveGateway {}

/** Node's clock, whose timers can be made to die. */
class MortalClock extends SystemClock {
  isDead = false;

  override every(intervalMs: number, run: () => void): () => void {
    return super.every(intervalMs, () => this.isDead || run());
  }
}

function runtimeOf({ app }: TestApp): ConnectionHealthRuntime {
  return app.get<ConnectionHealthRuntime>(CONNECTION_HEALTH_RUNTIME);
}

function broken(): never {
  throw new Error('broken');
}

/** Keeps the event loop from doing anything. */
function block(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

describe('isAlive', () => {
  const start = useApps();
  const startFast = (options: ConnectionHealthModuleOptions = {}): Promise<TestApp> =>
    start([AliveGateway], { ...FAST, ...options }, healthChecks());

  it('is up while the sweep runs, and says when it did', async () => {
    const calm = await startFast({ sweep: { intervalMs: 60_000 } });
    expect(await probe(calm.url, 'live')).toEqual({
      code: 200,
      overall: 'ok',
      ws: { status: 'up', interval_ms: 60_000, overdue_ms: expect.any(Number) },
    });
    const running = await startFast();
    await until('it has swept', () => running.eventsOf('swept').length > 1);
    const { code, ws } = await probe(running.url, 'live');
    expect([code, ws['status'], ws['interval_ms']]).toEqual([200, 'up', 150]);
    expect(ws['last_sweep_ms_ago']).toBeLessThan(BOUND_MS);
    expect(Object.keys(ws).sort()).toEqual(['interval_ms', 'last_sweep_ms_ago', 'overdue_ms', 'status']);
  });

  it('is down when the one timer has died, not at once but within its bound, and up when it is back', async () => {
    const clock = new MortalClock();
    const { url, eventsOf } = await startFast({ clock });
    await until('it has swept', () => eventsOf('swept').length > 0);
    clock.isDead = true;
    await sleep(100);
    expect(await probe(url, 'live')).toMatchObject({ code: 200 });
    await sleep(BOUND_MS + 200);
    const { code, overall, ws } = await probe(url, 'live');
    expect([code, overall, ws['status']]).toEqual([503, 'error', 'down']);
    expect(ws['message']).toBe('the sweep does not run: dead connections are not found');
    expect(ws['overdue_ms']).toBeGreaterThan(BOUND_MS);
    expect(ws['last_sweep_ms_ago']).toBeGreaterThan(BOUND_MS + 150);
    const swept = eventsOf('swept').length;
    clock.isDead = false;
    await until('it has swept again', () => eventsOf('swept').length > swept);
    const after = await probe(url, 'live');
    expect(after.code).toBe(200);
    expect(after.ws['overdue_ms']).toBeLessThan(BOUND_MS);
  });

  it('is down when sweeps begin but never end', async () => {
    const running = await startFast();
    const { registry } = runtimeOf(running);
    Object.defineProperty(registry, 'blockAfter', { value: broken, configurable: true });
    const asked = performance.now();
    let answer = await probe(running.url, 'live');
    while (answer.code === 200 && performance.now() - asked < 5_000) {
      await sleep(50);
      answer = await probe(running.url, 'live');
    }
    expect(answer).toMatchObject({ code: 503, ws: { status: 'down' } });
    expect(performance.now() - asked).toBeGreaterThan(BOUND_MS);
    Reflect.deleteProperty(registry, 'blockAfter');
    await until('it has swept', () => running.eventsOf('swept').length > 0);
    expect(await probe(running.url, 'live')).toMatchObject({ code: 200 });
  });

  it('is up right after a stall, before any timer had its turn', async () => {
    const { app, eventsOf } = await startFast();
    const indicator = app.get(ConnectionHealthIndicator);
    await until('it has swept', () => eventsOf('swept').length > 0);
    block(3 * BOUND_MS);
    expect(await indicator.isAlive('ws')).toMatchObject({ ws: { status: 'up' } });
  });

  it('is up though the event loop is blocked most of the time', async () => {
    const { url, eventsOf } = await startFast();
    const swept = eventsOf('swept').length;
    const end = performance.now() + 3_000;
    const codes = new Set<number>();
    while (performance.now() < end) {
      block(200);
      codes.add((await probe(url, 'live')).code);
    }
    expect([...codes]).toEqual([200]);
    expect(eventsOf('swept').length).toBeGreaterThan(swept);
  });

  it('is up during a leak, a drain and all other findings: a restart would drop the healthy', async () => {
    const running = await startFast({ drain: { readinessDelayMs: 300, timeoutMs: 300 } });
    const { url, service } = running;
    for (const signal of ['stale_ratio', 'growth', 'clients_do_not_answer', 'loop_overloaded'] as const) {
      runtimeOf(running).findings.raise({ signal, severity: 'critical', message: 'bad', next_step: 'act' });
    }
    expect(await probe(url, 'ready')).toMatchObject({ code: 503 });
    expect(await probe(url, 'live')).toMatchObject({ code: 200, ws: { status: 'up' } });
    const drained = service.drain();
    expect(await probe(url, 'live')).toMatchObject({ code: 200 });
    await drained;
    await sleep(BOUND_MS);
    expect(await probe(url, 'live')).toMatchObject({ code: 200, ws: { status: 'up' } });
  });

  it('is up without a gateway, and where nobody asks for a sweep', async () => {
    for (const running of [
      await start([], {}, healthChecks()),
      await start([AliveGateway], { sweep: false }, healthChecks()),
    ]) {
      expect(await probe(running.url, 'live')).toEqual({ code: 200, overall: 'ok', ws: { status: 'up' } });
    }
  });

  it('asks for the sweep of a gateway of its own', async () => {
    @ConnectionHealth({ sweep: { intervalMs: 150, closeTimeoutMs: 500 } })
    @WebSocketGateway({ path: '/own' })
    class OwnGateway {}

    const clock = new MortalClock();
    const { heartbeat } = FAST;
    const { url } = await start(
      [AliveGateway, OwnGateway],
      { heartbeat, sweep: false, clock },
      healthChecks(),
    );
    expect(await probe(url, 'live')).toMatchObject({ code: 200, ws: { interval_ms: 150 } });
    clock.isDead = true;
    await sleep(BOUND_MS + 150 + 200);
    expect(await probe(url, 'live')).toMatchObject({ code: 503, ws: { interval_ms: 150 } });
    clock.isDead = false;
  });

  it('is up while the app starts, and when it has closed', async () => {
    const early: unknown[] = [];

    @Injectable()
    class Asking implements OnModuleInit {
      constructor(private readonly indicator: ConnectionHealthIndicator) {}
      async onModuleInit(): Promise<void> {
        await sleep(2 * BOUND_MS);
        early.push(await this.indicator.isAlive('ws'));
      }
    }

    const { app } = await start([AliveGateway], FAST, { providers: [Asking] });
    expect(early).toMatchObject([{ ws: { status: 'up' } }]);
    await app.close();
    await sleep(BOUND_MS + 200);
    expect(await app.get(ConnectionHealthIndicator).isAlive('ws')).toMatchObject({ ws: { status: 'up' } });
  });
});

describe('the indicator', () => {
  const start = useApps();

  it('can be injected without TerminusModule, anywhere in the app', async () => {
    @Injectable()
    class Far {
      constructor(readonly indicator: ConnectionHealthIndicator) {}
    }
    @Module({ providers: [Far], exports: [Far] })
    class FarModule {}

    const { app } = await start([AliveGateway], {}, { imports: [FarModule] });
    expect(await app.get(Far).indicator.isReady('ws')).toMatchObject({
      ws: { status: 'up', connections: 0 },
    });
  });

  it('is exported where the module is not global', async () => {
    @Injectable()
    class Near {
      constructor(
        readonly indicator: ConnectionHealthIndicator,
        readonly service: ConnectionHealthService,
      ) {}
    }
    @Module({
      imports: [ConnectionHealthModule.forRoot({ isGlobal: false })],
      providers: [Near, AliveGateway],
    })
    class NearModule {}

    const app = await NestFactory.createApplicationContext(NearModule, { logger: false });
    expect(await app.get(Near).indicator.isAlive('ws')).toMatchObject({ ws: { status: 'up' } });
    await app.close();
  });

  it('keeps two apps in one process apart', async () => {
    @WebSocketGateway()
    class OtherGateway {}

    const [one, other] = [
      await start([AliveGateway], FAST, healthChecks({ maxConnections: 1 })),
      await start([OtherGateway], FAST, healthChecks()),
    ];
    await Promise.all([TestClient.connect(one.url), TestClient.connect(one.url)]);
    expect(await probe(one.url, 'ready')).toMatchObject({ code: 503, ws: { connections: 2 } });
    expect(await probe(other.url, 'ready')).toMatchObject({ code: 200, ws: { connections: 0 } });
  });
});
