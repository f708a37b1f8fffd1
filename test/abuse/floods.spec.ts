import { describe, expect, it } from '@jest/globals';
import { WebSocketGateway } from '@nestjs/websockets';
import { FaultRelay } from 'nestjs-connection-health/testing';
import type { WebSocket } from 'ws';

import { useApps } from '../support/apps.js';
import { TestClient } from '../support/client.js';
import { sleep, until } from '../support/wait.js';

@WebSocketGateway({ maxPayload: 16_000_000 })
class FloodGateway {
  readonly clients: WebSocket[] = [];
  handleConnection(client: WebSocket): void {
    this.clients.push(client);
  }
}

describe('floods of heartbeats (R10)', () => {
  const startApp = useApps();
  const QUIET = { drain: false as const, logging: { level: 'off' as const } };

  it.each([
    ['questions', (ts: number) => ({ type: 'client_ping', ts })],
    ['forged answers', (ts: number) => ({ type: 'client_pong', ts: ts + 0.5 })],
    ['malformed ones', () => ({ type: 'client_pong', ts: 'now' })],
    ['resumptions', () => ({ type: 'client_resume', reason: 'x' })],
  ])('of %s close with 1008, and harm nobody else', async (_what, message) => {
    const { url, service, eventsOf } = await startApp([FloodGateway], {
      heartbeat: { intervalMs: 2_000, maxPerInterval: 20 },
      sweep: { closeTimeoutMs: 300 },
      ...QUIET,
    });
    const [neighbour, flooding] = [await TestClient.connect(url), await TestClient.connect(url)];
    for (let ts = 0; ts < 20_000; ts++) flooding.send(message(ts));
    await until('it is closed', () => flooding.closed !== undefined);
    await until('its end is told', () => eventsOf('closed').length === 1);
    expect(eventsOf('closed')[0]).toMatchObject({
      reason: 'abuse',
      code: 1008,
      evidence: { sentCode: 1008 },
    });
    // It was answered no more often than it may ask; a beat may have begun a new interval meanwhile.
    expect(flooding.messages.length).toBeLessThanOrEqual(40);
    expect(eventsOf('resumed').length).toBeLessThanOrEqual(40);
    expect(neighbour.isOpen).toBe(true);
    expect(service.snapshot().total_connections).toBe(1);
  });

  it('are none where a client asks as often as it may, interval after interval', async () => {
    const { url, eventsOf } = await startApp([FloodGateway], {
      heartbeat: { intervalMs: 400, maxPerInterval: 10 },
      ...QUIET,
    });
    const client = await TestClient.connect(url);
    // Three rounds may fall between two beats: 9 of 10.
    for (let round = 0; round < 6; round++) {
      for (let ts = 0; ts < 3; ts++) client.send({ type: 'client_ping', ts });
      await sleep(200);
    }
    await until('all is answered', () => client.messages.length >= 18);
    expect(client.messages).toHaveLength(18);
    expect(eventsOf('closed')).toEqual([]);
  });

  it('are none when a client wakes from a freeze and answers everything at once', async () => {
    const { url, eventsOf } = await startApp([FloodGateway], {
      heartbeat: { intervalMs: 60, timeoutMs: 40, maxMissed: 1_000, maxPerInterval: 5 },
      ...QUIET,
    });
    const client = await TestClient.connect(url);
    client.socket.pause();
    await sleep(40 * 60);
    client.socket.resume();
    await until('it has recovered', () => eventsOf('recovered').length === 1);
    await sleep(300);
    expect(client.closed).toBeUndefined();
    expect(client.pings.length).toBeGreaterThan(20);
  });

  it('are none when a client wakes that nobody missed, since a hop answered for it', async () => {
    const { url, eventsOf } = await startApp([FloodGateway], {
      heartbeat: { intervalMs: 100, timeoutMs: 60, enforce: 'negotiated', maxPerInterval: 5, maxMissed: 100 },
      ...QUIET,
    });
    const client = await TestClient.connect(url, { answers: false });
    await until('it was asked often', () => client.pings.length > 30);
    for (const { ts } of client.pings) client.send({ type: 'client_pong', ts });
    await sleep(300);
    expect(eventsOf('closed')).toEqual([]);
    expect(client.isOpen).toBe(true);
  });

  it('are none when answers had to wait behind an upload of the same client', async () => {
    const running = await startApp([FloodGateway], {
      heartbeat: { intervalMs: 100, maxPerInterval: 5 },
      ...QUIET,
    });
    const relay = await FaultRelay.start({
      port: Number(new URL(running.url).port),
      toServerBytesPerSecond: 1_000_000,
    });
    const client = await TestClient.connect(relay.url);
    let received = 0;
    running.app.get(FloodGateway).clients[0]!.on('message', (data: Buffer) => (received = data.length));
    client.socket.send(Buffer.alloc(4_000_000));
    await until(
      'the upload has arrived',
      () => received === 4_000_000 || client.closed !== undefined,
      30_000,
    );
    await sleep(1_000);
    expect(client.closed).toBeUndefined();
    expect(client.pings.length).toBeGreaterThan(15);
    expect(running.eventsOf('closed')).toEqual([]);
    await relay.stop();
  }, 60_000);

  it('are none when the app itself had paused the client, who asked no more often than it may', async () => {
    const { app, url, eventsOf } = await startApp([FloodGateway], {
      heartbeat: { intervalMs: 200, maxPerInterval: 10 },
      ...QUIET,
    });
    const client = await TestClient.connect(url);
    const [socket] = app.get(FloodGateway).clients;
    socket!.pause();
    for (let ts = 0; ts < 50; ts++) {
      client.send({ type: 'client_ping', ts });
      await sleep(40);
    }
    socket!.resume();
    await sleep(500);
    expect(eventsOf('closed')).toEqual([]);
    expect(client.isOpen).toBe(true);
  });
});
