import { afterEach, describe, expect, it } from '@jest/globals';
import { WebSocketGateway } from '@nestjs/websockets';

import { startApp, type TestApp } from '../support/app.js';
import { TestClient } from '../support/client.js';
import { sleep, until } from '../support/wait.js';

const INTERVAL = 1000;
const COUNT = 100;

@WebSocketGateway()
class GhostGateway {}

describe('ghost kinds', () => {
  let running: TestApp;
  afterEach(() => running.app.close());

  it('are right at every phase of the interval: 100 behind something that answers pings, 100 altogether silent', async () => {
    running = await startApp([GhostGateway], {
      heartbeat: { intervalMs: INTERVAL, timeoutMs: 600 },
      massTimeout: false,
      drain: false,
      logging: { level: 'off' },
    });
    const everybody = await Promise.all(
      Array.from({ length: 2 * COUNT }, (_, index) =>
        TestClient.connect(running.url, { headers: { 'user-agent': index < COUNT ? 'proxied' : 'cut' } }),
      ),
    );
    await sleep(INTERVAL + 200);
    // Beats are spread, so that stopping them at even distances meets every phase of every beat.
    for (let index = 0; index < COUNT; index++) {
      everybody[index]!.answers = false; // `ws` goes on answering protocol pings, as a terminating proxy does
      everybody[COUNT + index]!.freeze();
      await sleep((2 * INTERVAL) / COUNT);
    }
    await until('all are gone', () => running.eventsOf('closed').length === 2 * COUNT, 20_000);
    const kinds = (agent: string): Set<string> =>
      new Set(
        running
          .eventsOf('closed')
          .filter(({ connection }) => connection.userAgent === agent)
          .map(({ reason, ghost }) => `${reason} ${ghost}`),
      );
    expect([kinds('proxied'), kinds('cut')]).toEqual([
      new Set(['timeout proxy_answered']),
      new Set(['timeout silent']),
    ]);
  }, 60_000);

  it('are right where pings have an interval of their own, so that none rides with a heartbeat', async () => {
    running = await startApp([GhostGateway], {
      heartbeat: { intervalMs: 400, timeoutMs: 300 },
      protocolPing: { intervalMs: 60_000 },
      drain: false,
    });
    await TestClient.connect(running.url, { answers: false });
    await until('it is gone', () => running.eventsOf('closed').length === 1);
    expect(running.eventsOf('closed')[0]).toMatchObject({ reason: 'timeout', ghost: 'proxy_answered' });
  });

  it('gives late answers no latency, and no miss is cleared by an old or forged ts', async () => {
    running = await startApp([GhostGateway], {
      heartbeat: { intervalMs: 400, timeoutMs: 200, maxMissed: 3 },
      drain: false,
    });
    const client = await TestClient.connect(running.url, { answers: false });
    await until('one heartbeat was missed', () => running.eventsOf('missed').length === 1);
    client.send({ type: 'client_pong', ts: 1 });
    client.send({ type: 'client_pong', ts: client.pings[0]!.ts + 0.5 });
    await sleep(50);
    expect(running.service.connections()[0]).toMatchObject({ missed: 1, latencyMs: undefined });
    expect(running.eventsOf('recovered')).toEqual([]);
    client.send({ type: 'client_pong', ts: client.pings.at(-1)!.ts });
    await until('the right ts has cleared it', () => running.eventsOf('recovered').length === 1);
    expect(running.service.connections()[0]).toMatchObject({ missed: 0, latencyMs: undefined });
  });
});
