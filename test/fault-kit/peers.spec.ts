import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { WebSocketGateway } from '@nestjs/websockets';
import type { ConnectionHealthModuleOptions } from 'nestjs-connection-health';
import {
  FakeClock,
  FaultyPeer,
  frozenPeer,
  halfOpenPeer,
  healthyPeer,
  pingAnsweringPeer,
  slowReader,
  tricklingWriter,
} from 'nestjs-connection-health/testing';
import type { WebSocket } from 'ws';

import { startApp, type TestApp } from '../support/app.js';

// Virtual time is computed, and a busy machine computes slowly.
jest.setTimeout(120_000);

const INTERVAL = 30_000;
const TIMEOUT = 20_000;
const TICK = 250;
const CLOSE_TIMEOUT = 5_000;
const BOUND = INTERVAL + TIMEOUT + TICK;
const MB = 1_000_000;

@WebSocketGateway()
class BulkGateway {
  readonly clients: WebSocket[] = [];
  readonly received: number[] = [];

  handleConnection(client: WebSocket): void {
    this.clients.push(client);
    client.on('message', (data: Buffer) => this.received.push(data.length));
  }
}

describe('a peer of the fault kit', () => {
  let clock: FakeClock;
  let running: TestApp;
  const peers: FaultyPeer[] = [];

  async function start(options: ConnectionHealthModuleOptions = {}): Promise<BulkGateway> {
    clock = new FakeClock();
    running = await startApp([BulkGateway], { clock, ...options });
    return running.app.get(BulkGateway);
  }

  async function join(peer: Promise<FaultyPeer>): Promise<FaultyPeer> {
    peers.push(await peer);
    return peer;
  }

  afterEach(async () => {
    await Promise.all(peers.splice(0).map((peer) => peer.end()));
    await clock.advanceUntil(running.app.close());
  });

  it('that is half open is closed as silent within the bound, and hears nothing of it', async () => {
    await start();
    const peer = await join(halfOpenPeer(running.url));
    await clock.advance(BOUND + CLOSE_TIMEOUT + TICK);
    const [missed] = running.eventsOf('missed');
    const [closed] = running.eventsOf('closed');
    expect(missed).toMatchObject({ ghost: 'silent' });
    expect(missed!.at - missed!.connection.openedAt).toBeGreaterThan(TIMEOUT);
    expect(missed!.at - missed!.connection.openedAt).toBeLessThanOrEqual(BOUND);
    expect(closed).toMatchObject({ reason: 'timeout', code: 4001, ghost: 'silent' });
    // Nobody answers the close frame, so it takes the grace period as well.
    expect(closed!.at - missed!.at).toBeGreaterThanOrEqual(CLOSE_TIMEOUT);
    expect(closed!.at - missed!.at).toBeLessThanOrEqual(CLOSE_TIMEOUT + TICK);
    expect(running.service.snapshot().total_connections).toBe(0);
    expect(peer).toMatchObject({ messages: [], protocolPings: 0, closeCode: undefined, isOpen: true });
  });

  it('that is half open leaves the ending to others: the server sees it open until end()', async () => {
    await start({ heartbeat: false, protocolPing: false, sweep: false });
    const peer = await join(halfOpenPeer(running.url));
    await clock.advance(3_600_000);
    expect(running.service.snapshot().total_connections).toBe(1);
    await peer.end();
    await peer.end();
    await clock.advance(TICK);
    expect(running.eventsOf('closed')).toMatchObject([{ reason: 'error', code: 1006 }]);
    expect(peer.isOpen).toBe(false);
  });

  it('that is healthy lives through hours, and answers a close frame', async () => {
    await start({ heartbeat: { intervalMs: 600_000 } });
    const peer = await join(healthyPeer(running.url, { headers: { 'user-agent': 'ada' } }));
    await clock.advance(2 * 3_600_000);
    expect(peer.replies).toBe(12);
    expect(running.eventsOf('missed')).toEqual([]);
    const [connection] = running.service.connections();
    expect(connection).toMatchObject({ userAgent: 'ada', state: 'open' });
    await running.service.disconnect({ id: connection!.id });
    await clock.advance(TICK);
    expect(peer).toMatchObject({ closeCode: 4003, isOpen: false });
    expect(running.eventsOf('closed')).toMatchObject([
      { reason: 'evicted', evidence: { receivedCode: 4003 } },
    ]);
  });

  it('that is frozen is closed as silent', async () => {
    await start();
    const peer = await join(frozenPeer(running.url, { afterReplies: 1 }));
    while (peer.replies === 0) await clock.tick();
    const heardAt = clock.epoch();
    await clock.advance(BOUND + CLOSE_TIMEOUT + TICK);
    expect(peer.replies).toBe(1);
    const [missed] = running.eventsOf('missed');
    expect(missed!.at - heardAt).toBeGreaterThanOrEqual(INTERVAL + TIMEOUT - TICK);
    expect(missed!.at - heardAt).toBeLessThanOrEqual(BOUND);
    expect(running.eventsOf('closed')).toMatchObject([
      { reason: 'timeout', ghost: 'silent', evidence: { hasAnswered: true, receivedCode: 1006 } },
    ]);
  });

  it('that thaws before the verdict lives, and answers what has waited', async () => {
    await start();
    const peer = await join(frozenPeer(running.url, { afterReplies: 1 }));
    while (peer.replies === 0) await clock.tick();
    await clock.advance(INTERVAL + TIMEOUT - TICK);
    expect(peer.replies).toBe(1);
    expect(running.service.connections()[0]!.lastActivityAt).toBe(clock.epoch() - INTERVAL - TIMEOUT + TICK);
    peer.thaw();
    await clock.advance(0);
    expect(peer.replies).toBe(2);
    await clock.advance(10 * INTERVAL);
    expect(peer.replies).toBe(12);
    expect(peer.isOpen).toBe(true);
    expect(running.eventsOf('missed')).toEqual([]);
  });

  it('that answers protocol pings only is closed as proxy_answered', async () => {
    await start();
    const peer = await join(pingAnsweringPeer(running.url));
    await clock.advance(BOUND);
    expect(peer.protocolPings).toBeGreaterThanOrEqual(2);
    expect(peer).toMatchObject({ replies: 0, closeCode: 4001 });
    expect(running.eventsOf('closed')).toMatchObject([{ reason: 'timeout', ghost: 'proxy_answered' }]);
  });

  it('that reads slowly lives while megabytes travel to it', async () => {
    const gateway = await start();
    const peer = await join(slowReader(running.url, { bytesPerSecond: 200_000, clock }));
    await clock.advance(1_000);
    const load = Buffer.alloc(24 * MB);
    gateway.clients[0]!.send(load);
    await clock.advance(60_000);
    // It keeps to its speed…
    const loads = (): number[] =>
      peer.messages.filter((message) => typeof message !== 'string').map(({ length }) => length);
    expect(loads()).toEqual([]);
    expect(gateway.clients[0]!.bufferedAmount).toBeGreaterThan(0);
    await clock.advance(62_000);
    // …and has got all of it in time.
    expect(loads()).toEqual([load.length]);
    expect(running.eventsOf('missed')).toEqual([]);
    expect(running.eventsOf('closed')).toEqual([]);
  });

  it('that trickles is kept above the floor, and closed below it', async () => {
    const gateway = await start({ progress: { minBytesPerSecond: 100 } });
    const data = new Uint8Array(60_000);
    const [above, below] = [
      await join(tricklingWriter(running.url, { bytesPerSecond: 200, data, clock })),
      await join(tricklingWriter(running.url, { bytesPerSecond: 50, data, clock })),
    ];
    await clock.advance(250_000);
    expect(running.eventsOf('closed')).toMatchObject([{ reason: 'timeout', ghost: 'silent' }]);
    expect(below.isOpen).toBe(false);
    expect(above.isOpen).toBe(true);
    expect(running.service.connections()[0]).toMatchObject({ latencyMs: undefined, missed: 0 });
    expect(above.unsentBytes).toBe(data.length + 8 - 50_000);
    await clock.advance(60_000);
    expect(gateway.received).toEqual([data.length]);
    expect(above.unsentBytes).toBe(0);
    await clock.advance(INTERVAL);
    // Its answers had to wait for the end of the frame; from now on it is as any other.
    expect(running.service.connections()).toMatchObject([{ latencyMs: 0, missed: 0 }]);
    expect(running.eventsOf('missed')).toHaveLength(1);
  });

  it('that cannot be is refused in words', async () => {
    await start();
    await expect(healthyPeer(running.url.replace('ws:', 'wss:'))).rejects.toThrow(TypeError);
    await expect(healthyPeer(`${running.url}/nobody-is-here`)).rejects.toThrow('hung up during');
    await expect(healthyPeer('ws://127.0.0.1:1')).rejects.toThrow('ECONNREFUSED');
    await expect(slowReader(running.url, { bytesPerSecond: 0 })).rejects.toThrow(RangeError);
    await expect(tricklingWriter(running.url, { bytesPerSecond: NaN })).rejects.toThrow(RangeError);
    await clock.advance(TICK);
    expect(running.service.snapshot().total_connections).toBe(0);
    await clock.advanceUntil(running.service.drain());
    await expect(healthyPeer(running.url)).rejects.toThrow(/refused .* HTTP\/1\.1 503 /);
  });
});
