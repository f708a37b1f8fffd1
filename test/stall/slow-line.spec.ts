import { afterEach, describe, expect, it } from '@jest/globals';
import { WebSocketGateway } from '@nestjs/websockets';
import type { ConnectionHealthModuleOptions } from 'nestjs-connection-health';
import { FaultRelay, type FaultRelayOptions } from 'nestjs-connection-health/testing';
import type { WebSocket } from 'ws';

import { startApp, type TestApp } from '../support/app.js';
import { TestClient } from '../support/client.js';
import { sleep, until } from '../support/wait.js';

const MB = 1_000_000;

@WebSocketGateway({ maxPayload: 64 * MB })
class BulkGateway {
  readonly received: number[] = [];
  readonly clients: WebSocket[] = [];

  handleConnection(client: WebSocket): void {
    this.clients.push(client);
    client.on('message', (data: Buffer) => this.received.push(data.length));
  }
}

describe('a slow line', () => {
  const ends: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    await Promise.all(ends.splice(0).map((end) => end()));
  });

  async function slowly(
    options: ConnectionHealthModuleOptions,
    line: Omit<FaultRelayOptions, 'port'>,
  ): Promise<{ running: TestApp; client: TestClient; relay: FaultRelay; gateway: BulkGateway }> {
    const running = await startApp([BulkGateway], options);
    const relay = await FaultRelay.start({ ...line, port: Number(new URL(running.url).port) });
    ends.push(
      () => relay.stop(),
      () => running.app.close(),
    );
    const client = await TestClient.connect(relay.url);
    return { running, client, relay, gateway: running.app.get(BulkGateway) };
  }

  it('does not close a healthy 2 MB upload at 200 KB/s under a 2 s heartbeat', async () => {
    const { client, gateway, running } = await slowly(
      { heartbeat: { intervalMs: 2000 } },
      { toServerBytesPerSecond: 200_000 },
    );
    client.socket.send(Buffer.alloc(2 * MB));
    await until('the upload has arrived', () => gateway.received.includes(2 * MB), 20_000);
    await sleep(2500);
    expect(client.closed).toBeUndefined();
    expect(running.eventsOf('missed')).toEqual([]);
  }, 60_000);

  it('closes an upload that trickles below the floor, and one that takes too long', async () => {
    const shared = { heartbeat: { intervalMs: 400 }, sweep: { closeTimeoutMs: 300 } };
    const [trickling, endless] = await Promise.all([
      slowly({ ...shared, progress: { minBytesPerSecond: 2000 } }, { toServerBytesPerSecond: 1000 }),
      slowly({ ...shared, progress: { maxMessageMs: 1500 } }, { toServerBytesPerSecond: 20_000 }),
    ]);
    const startedAt = performance.now();
    for (const { client } of [trickling, endless]) client.socket.send(Buffer.alloc(MB));
    await until('the trickling one is closed', () => trickling.running.eventsOf('closed').length === 1);
    await until('the endless one is closed', () => endless.running.eventsOf('closed').length === 1);
    expect(
      endless.running.eventsOf('closed')[0]!.at - endless.running.eventsOf('opened')[0]!.at,
    ).toBeGreaterThan(1500);
    expect(performance.now() - startedAt).toBeLessThan(6000);
    for (const { running } of [trickling, endless]) {
      expect(running.eventsOf('closed')[0]).toMatchObject({ reason: 'timeout', code: 4001 });
    }
  }, 60_000);

  it('does not close a healthy reader while megabytes of ours travel to it', async () => {
    const loads = [
      { bytes: 3 * MB, rate: 400_000 },
      { bytes: 6 * MB, rate: 800_000 },
      { bytes: 20 * MB, rate: 2_000_000 },
    ];
    await Promise.all(
      loads.map(async ({ bytes, rate }) => {
        const { client, gateway, running } = await slowly(
          { heartbeat: { intervalMs: 1000, timeoutMs: 600 } },
          { toClientBytesPerSecond: rate },
        );
        gateway.clients[0]!.send(Buffer.alloc(bytes));
        await until(`${bytes} bytes have arrived`, () => client.messages.length > 0, 50_000);
        await sleep(2000);
        expect(client.closed).toBeUndefined();
        expect(running.eventsOf('missed')).toEqual([]);
      }),
    );
  }, 90_000);

  it('finds a dead reader with a full buffer within the bound', async () => {
    const { client, gateway, running } = await slowly(
      { heartbeat: { intervalMs: 1000, timeoutMs: 600 }, progress: { maxExtraMs: 1500 } },
      {},
    );
    client.freeze();
    gateway.clients[0]!.send(Buffer.alloc(40 * MB));
    const startedAt = Date.now();
    await until('it is closed', () => running.eventsOf('closed').length === 1, 15_000);
    const [missed] = running.eventsOf('missed');
    // The bound: interval, timeout, a tick, and the allowance; the buffers in between take bytes for a moment first.
    expect(missed!.at - startedAt).toBeLessThan(1000 + 600 + 100 + 1500 + 800);
    expect(running.eventsOf('closed')[0]).toMatchObject({ reason: 'timeout', ghost: 'silent' });
  }, 60_000);

  it('finds a peer whose line is cut in the middle of a frame', async () => {
    const { client, relay, running } = await slowly(
      { heartbeat: { intervalMs: 600 } },
      { toServerBytesPerSecond: 100_000 },
    );
    client.socket.send(Buffer.alloc(5 * MB));
    await sleep(1500);
    expect(client.closed).toBeUndefined();
    relay.cut();
    await until('it is closing', () => running.eventsOf('missed').length === 1);
    await until('it is closed', () => running.eventsOf('closed').length === 1);
    expect(running.eventsOf('closed')[0]).toMatchObject({ reason: 'timeout', ghost: 'silent' });
  }, 60_000);

  it('does not judge a socket that the app itself has paused', async () => {
    const { client, gateway, running } = await slowly(
      // The stream below still takes in a few answers: they must not look like an upload.
      { heartbeat: { intervalMs: 300 }, progress: { minBytesPerSecond: 1e6 } },
      {},
    );
    gateway.clients[0]!.pause();
    await sleep(1500);
    gateway.clients[0]!.resume();
    await sleep(700);
    expect(client.closed).toBeUndefined();
    expect(running.eventsOf('missed')).toEqual([]);
  });
});
