import type { Socket } from 'node:net';

import { describe, expect, it } from '@jest/globals';
import { WebSocketGateway } from '@nestjs/websockets';

import { useApps } from '../support/apps.js';
import { TestClient } from '../support/client.js';
import { stallAllowanceMs } from '../support/stalls.js';
import { until } from '../support/wait.js';
import { usedMemory } from './garbage.js';
import { maskedFrame, openRaw } from './raw.peer.js';

const MB = 1_000_000;
const COUNT = 1_000;
const INTERVAL = 1_500;
const TIMEOUT = 1_000;

@WebSocketGateway()
class HalfGateway {}

const message = maskedFrame(Buffer.from('{"type":"client_pong","ts":1709827200000}'));
/** The beginnings of frames that never end. */
const HALVES = [
  message.subarray(0, 1),
  message.subarray(0, 20),
  maskedFrame(Buffer.from('{"type":'), { fin: false }),
  // A header that promises as much as `ws` takes, and one byte of it.
  Buffer.from([0x82, 0xff, 0, 0, 0, 0, 0x06, 0x3f, 0xff, 0xff, 1, 2, 3, 4, 5]),
];

describe('1,000 connections that never finish a frame', () => {
  const startApp = useApps();

  it('are closed as timeout within the bound, in bounded memory, and harm nobody', async () => {
    const { url, service, eventsOf } = await startApp([HalfGateway], {
      heartbeat: { intervalMs: INTERVAL, timeoutMs: TIMEOUT },
      sweep: { intervalMs: 60_000, staleAfterMs: 120_000, closeTimeoutMs: 300 },
      drain: false,
      logging: { level: 'off' },
    });
    const port = Number(new URL(url).port);
    const healthy = await TestClient.connect(url);
    await until('it has answered', () => healthy.answeredAt !== undefined);
    const before = usedMemory();
    const sockets: Socket[] = [];
    while (sockets.length < COUNT) {
      const batch = Array.from({ length: 50 }, (_, index) =>
        openRaw(port, HALVES[(sockets.length + index) % HALVES.length]),
      );
      sockets.push(...(await Promise.all(batch)));
    }
    const stoppedAt = Date.now();
    const during = usedMemory();
    expect(during.heap - before.heap).toBeLessThan(60 * MB);
    expect(during.buffers - before.buffers).toBeLessThan(20 * MB);
    const atFirst = service.snapshot().total_connections + eventsOf('closed').length;
    expect(atFirst).toBe(COUNT + 1);

    await until('all are given up', () => eventsOf('closed').length === COUNT, 30_000);
    const ends = eventsOf('closed').map(({ reason, code }) => `${reason} ${code}`);
    expect(new Set(ends)).toEqual(new Set(['timeout 4001']));
    // So many silent at once are asked a second time (R7): one more timeout. The machine may be busy besides.
    const lastVerdict = Math.max(...eventsOf('missed').map(({ at }) => at));
    const stalledMs = stallAllowanceMs({ eventsOf }, TIMEOUT + INTERVAL / 10);
    expect(lastVerdict - stoppedAt).toBeLessThan(INTERVAL + 2 * TIMEOUT + INTERVAL / 10 + 5_000 + stalledMs);
    expect(healthy.closed).toBeUndefined();
    expect(service.snapshot().total_connections).toBe(1);
    for (const socket of sockets) socket.destroy();
  }, 90_000);
});
