import { once } from 'node:events';

import { describe, expect, it } from '@jest/globals';
import { WebSocketGateway } from '@nestjs/websockets';
import { OnConnectionClosed } from 'nestjs-connection-health';

import { drainTurnOf } from '../../lib/drain/drain.plan.js';
import { useApps } from '../support/apps.js';
import { TestClient } from '../support/client.js';
import { refusedUpgrade } from '../support/http.client.js';
import { sleep, until } from '../support/wait.js';

const settings = { readinessDelayMs: 0, spreadMs: 600, timeoutMs: 3000, reconnectSpreadMs: 9000 };

@WebSocketGateway()
class DrainGateway {
  readonly ended: string[] = [];

  @OnConnectionClosed()
  async closed(): Promise<void> {
    await sleep(100);
    this.ended.push('saved');
  }
}

describe('drain', () => {
  const start = useApps();

  it('tells everybody when to come back, closes with 1012 in paced batches, and waits for hooks', async () => {
    const { app, url, eventsOf } = await start([DrainGateway], { drain: settings });
    const clients = await Promise.all(Array.from({ length: 120 }, () => TestClient.connect(url)));
    const startedAt = performance.now();
    await app.close();
    expect(eventsOf('drained')[0]!.report).toMatchObject({ connections: 120, closed: 120 });
    expect(app.get(DrainGateway).ended).toHaveLength(120);
    expect(new Set(clients.map(({ closed }) => `${closed?.code} ${closed?.reason}`))).toEqual(
      new Set(['1012 service restart']),
    );
    const returns = clients.map((client) => {
      const { type, reconnectInMs } = JSON.parse(client.messages.at(-1)!) as {
        type: string;
        reconnectInMs: number;
      };
      expect(type).toBe('server_drain');
      return reconnectInMs;
    });
    expect(Math.max(...returns)).toBeLessThanOrEqual(9000);
    const perThird = [0, 3000, 6000].map(
      (from) => returns.filter((at) => at >= from && at < from + 3000).length,
    );
    expect(perThird).toEqual([40, 40, 40]);
    const closedAt = clients.map(({ closed }) => closed!.at - startedAt);
    const half = closedAt.filter((at) => at < (Math.min(...closedAt) + Math.max(...closedAt)) / 2).length;
    // One wave would be all of them at one end; a machine that others keep busy for a moment only tips the scales.
    expect(half).toBeGreaterThan(5);
    expect(half).toBeLessThan(115);
  });

  it('refuses newcomers with 503 and Retry-After from the first moment', async () => {
    const { app, service, url } = await start([DrainGateway], {
      drain: { ...settings, readinessDelayMs: 300 },
    });
    const client = await TestClient.connect(url);
    const drained = service.drain();
    expect(await refusedUpgrade(url)).toEqual({ status: 503, retryAfter: '10' });
    expect(client.isOpen).toBe(true);
    expect(await drained).toMatchObject({ connections: 1, closed: 1 });
    expect(await service.drain()).toBe(await drained);
    await app.close();
  });

  it('ends in time though a peer never answers the close frame', async () => {
    const { app, url, eventsOf } = await start([DrainGateway], {
      drain: { ...settings, timeoutMs: 1200 },
      sweep: { closeTimeoutMs: 400 },
    });
    const [living, frozen] = await Promise.all([TestClient.connect(url), TestClient.connect(url)]);
    frozen.freeze();
    const startedAt = performance.now();
    await app.close();
    expect(performance.now() - startedAt).toBeLessThan(1200 + 1000);
    expect(eventsOf('closed')).toHaveLength(2);
    await until('the living one has heard', () => living.closed?.code === 1012);
    frozen.socket.terminate();
    await once(frozen.socket, 'close');
  });

  it('brings 10,000 clients back spread evenly, not in a wave', () => {
    const wanted = { readinessDelayMs: 0, spreadMs: 5_000, timeoutMs: 10_000, reconnectSpreadMs: 30_000 };
    const returns = Array.from({ length: 10_000 }, (_, index) => drainTurnOf(index, 10_000, wanted)).map(
      ({ closeAfterMs, reconnectInMs }) => closeAfterMs + reconnectInMs,
    );
    const perSecond = Array.from(
      { length: 35 },
      (_, second) => returns.filter((at) => Math.floor(at / 1000) === second).length,
    );
    expect(Math.max(...perSecond)).toBeLessThan(1.1 * (10_000 / 35));
    expect(Math.min(...perSecond)).toBeGreaterThan(0.9 * (10_000 / 35));
  });
});
