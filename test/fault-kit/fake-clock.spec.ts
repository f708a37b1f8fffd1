import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { WebSocketGateway } from '@nestjs/websockets';
import type { ConnectionHealthModuleOptions } from 'nestjs-connection-health';
import {
  FakeClock,
  FaultRelay,
  halfOpenPeer,
  healthyPeer,
  type FaultyPeer,
} from 'nestjs-connection-health/testing';
import { WebSocketServer, type WebSocket } from 'ws';

import { startApp, type TestApp } from '../support/app.js';
import { TestClient } from '../support/client.js';

// Virtual time is computed, and a busy machine computes slowly.
jest.setTimeout(120_000);

const HOUR = 3_600_000;
const INTERVAL = 30_000;
const TIMEOUT = 20_000;
const TICK = 250;

@WebSocketGateway()
class PlainGateway {}

describe('a fake clock under a real app', () => {
  let clock: FakeClock;
  let running: TestApp;
  const peers: FaultyPeer[] = [];

  async function start(options: ConnectionHealthModuleOptions = {}): Promise<void> {
    clock = new FakeClock();
    running = await startApp([PlainGateway], { clock, ...options });
  }

  afterEach(async () => {
    await Promise.all(peers.splice(0).map((peer) => peer.end()));
    await clock.advanceUntil(running.app.close());
  });

  it('lets a day pass in a moment: the living stay, one that falls silent in it is closed within the bound', async () => {
    await start();
    const living = await Promise.all(Array.from({ length: 8 }, () => TestClient.connect(running.url)));
    const mortal = await TestClient.connect(running.url);
    await clock.advance(12 * HOUR);
    mortal.answers = false;
    const silentSince = clock.epoch();
    await clock.advance(12 * HOUR);
    expect(clock.monotonic()).toBe(24 * HOUR);

    const closed = running.eventsOf('closed');
    expect(closed).toMatchObject([{ reason: 'timeout', ghost: 'proxy_answered' }]);
    expect(closed[0]!.at - silentSince).toBeGreaterThan(TIMEOUT - TICK);
    expect(closed[0]!.at - silentSince).toBeLessThanOrEqual(INTERVAL + TIMEOUT + TICK);
    for (const client of living) {
      expect(client.isOpen).toBe(true);
      // The first comes within an interval, then one in each.
      expect(client.pings).toHaveLength((24 * HOUR) / INTERVAL);
    }
    expect(running.eventsOf('missed')).toHaveLength(1);
    expect(running.eventsOf('stalled')).toEqual([]);
  });

  it('does the same twice in the same way', async () => {
    const stories: unknown[] = [];
    for (const _run of [1, 2]) {
      await start();
      for (let count = 0; count < 3; count++) peers.push(await halfOpenPeer(running.url));
      peers.push(await healthyPeer(running.url));
      await clock.advance(60_000);
      stories.push(running.events.map(({ type, at }) => ({ type, at })));
      if (stories.length === 1) {
        await Promise.all(peers.splice(0).map((peer) => peer.end()));
        await clock.advanceUntil(running.app.close());
      }
    }
    expect(stories[0]).toContainEqual(expect.objectContaining({ type: 'closed' }));
    expect(stories[1]).toEqual(stories[0]);
  });

  it('moves tick by tick when it is told to', async () => {
    await start();
    const peer = await healthyPeer(running.url);
    peers.push(peer);
    let [ticks, passedMs] = [0, 0];
    while (peer.replies === 0) {
      passedMs += await clock.tick();
      ticks++;
    }
    expect(passedMs).toBe(ticks * TICK);
    expect(clock.monotonic()).toBe(passedMs);
    expect(passedMs).toBeLessThanOrEqual(INTERVAL + TICK);
    // Asked, answered and read within one and the same tick.
    expect(running.service.connections()[0]).toMatchObject({ latencyMs: 0, lastActivityAt: clock.epoch() });
  });

  it('stands still unless it is moved', async () => {
    await start({ heartbeat: { intervalMs: 100 } });
    peers.push(await halfOpenPeer(running.url));
    await new Promise((resolve) => setTimeout(resolve, 400));
    expect(clock.monotonic()).toBe(0);
    expect(running.eventsOf('missed')).toEqual([]);
    await clock.advance(200);
    expect(running.eventsOf('missed')).toHaveLength(1);
  });

  it('reads what was sent before it moves', async () => {
    await start();
    const client = await TestClient.connect(running.url);
    await clock.advance(45_000);
    client.send({ event: 'nothing' });
    await clock.advance(0);
    expect(running.service.connections()[0]!.lastActivityAt).toBe(clock.epoch());
    client.socket.terminate();
    await clock.advance(0);
    expect(running.eventsOf('closed')).toMatchObject([{ at: clock.epoch(), reason: 'error' }]);
  });

  it.each(['now', 'afterTick'] as const)('stalls %s, and the stall is credited', async (phase) => {
    await start();
    const client = await TestClient.connect(running.url);
    // Until right before the tick that asks: a stall after it keeps the answer from being read in time.
    while (client.pings.length < 2) await clock.tick();
    await clock.advance(INTERVAL - TICK);
    expect(client.pings).toHaveLength(2);
    const before = clock.monotonic();
    clock.stall(10 * INTERVAL, phase);
    expect(clock.monotonic() - before).toBe(phase === 'now' ? 10 * INTERVAL : 0);
    await clock.tick();
    expect(clock.monotonic() - before).toBeGreaterThanOrEqual(10 * INTERVAL);
    await clock.advance(2 * INTERVAL);
    expect(running.eventsOf('stalled')).toHaveLength(1);
    expect(running.eventsOf('stalled')[0]!.stalledMs).toBeGreaterThan(9.9 * INTERVAL);
    expect(running.eventsOf('missed')).toEqual([]);
    expect(client.isOpen).toBe(true);
  });

  it('passes through a relay, and finds whom it cuts off', async () => {
    await start();
    const relay = await FaultRelay.start({ port: Number(new URL(running.url).port) });
    peers.push(await healthyPeer(relay.url), await healthyPeer(running.url));
    await clock.advance(10 * INTERVAL);
    expect(running.eventsOf('missed')).toEqual([]);
    relay.cut();
    await clock.advance(2 * INTERVAL);
    expect(running.eventsOf('closed')).toMatchObject([{ reason: 'timeout', ghost: 'silent' }]);
    expect(peers.map(({ isOpen }) => isOpen)).toEqual([true, true]);
    expect(running.service.connections()).toHaveLength(1);
    await relay.stop();
  });

  it('waits for what leaves the event loop, such as the inflater, when it is told to', async () => {
    @WebSocketGateway({ perMessageDeflate: { threshold: 0 } })
    class DeflatingGateway {}

    clock = new FakeClock({ quietMs: 30 });
    running = await startApp([DeflatingGateway], { clock, heartbeat: { intervalMs: 3_000 } });
    const options = { perMessageDeflate: { threshold: 0 } };
    const clients = await Promise.all(
      Array.from({ length: 40 }, () => TestClient.connect(running.url, options)),
    );
    expect(clients.map(({ socket }) => socket.extensions)).toEqual(clients.map(() => 'permessage-deflate'));
    await clock.advance(9_000);
    expect(running.eventsOf('missed')).toEqual([]);
    // Each answer was read within the tick that asked for it.
    expect(running.service.connections().map(({ latencyMs }) => latencyMs)).toEqual(clients.map(() => 0));
  });

  it('drains in virtual time', async () => {
    await start({ drain: { readinessDelayMs: 15_000, timeoutMs: 60_000 } });
    const clients = await Promise.all(Array.from({ length: 5 }, () => TestClient.connect(running.url)));
    const report = await clock.advanceUntil(running.service.drain());
    expect(report).toMatchObject({ connections: 5, closed: 5 });
    expect(report.durationMs).toBeGreaterThanOrEqual(15_000);
    expect(clock.monotonic()).toBeGreaterThanOrEqual(15_000);
    expect(clients.map(({ closed }) => closed?.code)).toEqual([1012, 1012, 1012, 1012, 1012]);
  });

  it('gives up on what does not settle, and passes on what fails', async () => {
    await start();
    await expect(clock.advanceUntil(new Promise(() => undefined), 10_000)).rejects.toThrow(/10000 ms/);
    expect(clock.monotonic()).toBe(10_000);
    await expect(clock.advanceUntil(Promise.reject(new Error('no luck')))).rejects.toThrow('no luck');
  });

  it('refuses to be moved by two at once, and by no number', async () => {
    await start();
    const passing = clock.advance(1_000);
    await expect(clock.advance(1_000)).rejects.toThrow('await');
    await expect(clock.tick()).rejects.toThrow('await');
    await passing;
    expect(clock.monotonic()).toBe(1_000);
    await expect(clock.advance(-1)).rejects.toThrow(RangeError);
    await expect(clock.advance(NaN)).rejects.toThrow(RangeError);
    expect(() => clock.stall(Infinity)).toThrow(RangeError);
  });
});

/** The loop of the ws README, and a timer on the fake clock. */
async function survivorsOf(phase: 'now' | 'afterTick'): Promise<number> {
  const clock = new FakeClock();
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  await new Promise((resolve) => server.once('listening', resolve));
  const alive = new WeakSet<WebSocket>();
  server.on('connection', (socket) => {
    alive.add(socket);
    socket.on('pong', () => alive.add(socket));
  });
  clock.every(INTERVAL, () => {
    for (const socket of server.clients) {
      if (!alive.delete(socket)) socket.terminate();
      else socket.ping();
    }
  });
  const { port } = server.address() as { port: number };
  const clients = await Promise.all(Array.from({ length: 5 }, () => healthyPeer(`ws://127.0.0.1:${port}`)));
  await clock.advance(10 * INTERVAL - 1);
  clock.stall(INTERVAL, phase);
  await clock.advance(2 * INTERVAL);
  const survivors = clients.filter(({ isOpen }) => isOpen).length;
  await Promise.all(clients.map((client) => client.end()));
  await new Promise((resolve) => server.close(resolve));
  return survivors;
}

describe('a stall in a fake clock', () => {
  it('kills nobody of a naive loop from outside its tick, and everybody from inside', async () => {
    expect(await survivorsOf('now')).toBe(5);
    expect(await survivorsOf('afterTick')).toBe(0);
  });
});
