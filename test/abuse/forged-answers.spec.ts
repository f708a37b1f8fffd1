import { describe, expect, it } from '@jest/globals';
import { WebSocketGateway } from '@nestjs/websockets';

import type { ConnectionHealthRuntime } from '../../lib/connection-health.runtime.js';
import type { TestApp } from '../support/app.js';
import { useApps } from '../support/apps.js';
import { TestClient } from '../support/client.js';
import { sleep, until } from '../support/wait.js';

@WebSocketGateway()
class ForgedGateway {}

/** Latencies that were counted so far. */
function samplesOf({ service }: TestApp): number {
  const { latencies } = (service as unknown as { runtime: ConnectionHealthRuntime }).runtime;
  return (latencies as unknown as { count: number }).count;
}

describe('answers that answer nothing', () => {
  const startApp = useApps();

  it('count no second latency when they are replayed', async () => {
    const running = await startApp([ForgedGateway], { heartbeat: { intervalMs: 3_000 }, drain: false });
    const client = await TestClient.connect(running.url);
    await until('it has answered', () => running.service.connections()[0]?.latencyMs !== undefined);
    const { latencyMs } = running.service.connections()[0]!;
    const heartbeat = JSON.stringify(running.service.snapshot().heartbeat);
    for (let replay = 0; replay < 10; replay++) client.send({ type: 'client_pong', ts: client.pings[0]!.ts });
    client.send({ type: 'client_ping', ts: 7 });
    await until('all were read', () => client.messages.length === 1);
    expect(samplesOf(running)).toBe(1);
    expect(running.service.connections()[0]!.latencyMs).toBe(latencyMs);
    expect(JSON.stringify(running.service.snapshot().heartbeat)).toBe(heartbeat);
    expect(client.messages).toEqual(['{"type":"server_pong","ts":7}']);
  });

  it('give no latency and clear no miss when they are forged, from the future or the past', async () => {
    const running = await startApp([ForgedGateway], {
      heartbeat: { intervalMs: 500, timeoutMs: 250, maxMissed: 50, maxPerInterval: 1_000 },
      drain: false,
    });
    const client = await TestClient.connect(running.url, { answers: false });
    await until('two heartbeats were missed', () => running.eventsOf('missed').length === 2);
    const { ts } = client.pings.at(-1)!;
    const forged = [ts - 1, ts + 1, ts + 500, ts + 1e-3 * ts, -ts, 0, Number.MAX_SAFE_INTEGER, 1e308];
    for (const claim of forged) client.send({ type: 'client_pong', ts: claim, state: 'forged' });
    // And one that we did ask, but long ago.
    client.send({ type: 'client_pong', ts: client.pings[0]!.ts });
    await sleep(60);
    const [connection] = running.service.connections();
    expect(connection!.missed).toBeGreaterThanOrEqual(2);
    expect(connection!.latencyMs).toBeUndefined();
    expect(connection!.clientState).toBeUndefined();
    expect(running.eventsOf('recovered')).toEqual([]);
    expect(samplesOf(running)).toBe(0);
  });

  it('pollute nothing and are not echoed with what they carry', async () => {
    const running = await startApp([ForgedGateway], { drain: false });
    const client = await TestClient.connect(running.url);
    const texts = [
      '{"type":"client_ping","ts":1,"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":1}}}',
      '{"__proto__":{"type":"client_ping","ts":2}}',
      '{"type":"client_resume","reason":"x","__proto__":{"polluted":true},"offlineMs":{"__proto__":1}}',
    ];
    for (const text of texts) client.socket.send(text);
    await until('it is answered', () => client.messages.length > 0);
    await until('it is told', () => running.eventsOf('resumed').length === 1);
    expect(client.messages).toEqual(['{"type":"server_pong","ts":1}']);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
    expect(running.eventsOf('resumed')[0]!.offlineMs).toBeUndefined();
  });
});
