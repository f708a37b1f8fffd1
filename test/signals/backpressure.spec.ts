import { describe, expect, it } from '@jest/globals';
import { WebSocketGateway } from '@nestjs/websockets';
import type { BackpressureOptions } from 'nestjs-connection-health';
import type { WebSocket } from 'ws';

import type { TestApp } from '../support/app.js';
import { useApps } from '../support/apps.js';
import { TestClient } from '../support/client.js';
import { sleep, until } from '../support/wait.js';
import { blockReader } from './blocked.reader.js';

const KB = 1024;

@WebSocketGateway()
class PressedGateway {
  readonly clients: WebSocket[] = [];
  handleConnection(client: WebSocket): void {
    this.clients.push(client);
  }
}

describe('a reader that is too slow', () => {
  const startApp = useApps();

  async function blocked(
    backpressure: BackpressureOptions | false,
  ): Promise<{ running: TestApp; client: TestClient; socket: WebSocket; waiting: number }> {
    const running = await startApp([PressedGateway], {
      heartbeat: { intervalMs: 50, timeoutMs: 40, enforce: 'observe' },
      progress: { maxExtraMs: 10 },
      sweep: { closeTimeoutMs: 150 },
      massTimeout: false,
      drain: false,
      backpressure,
    });
    const client = await TestClient.connect(running.url);
    const [socket] = running.app.get(PressedGateway).clients;
    const waiting = await blockReader(client, socket!);
    return { running, client, socket: socket!, waiting };
  }

  it('is told once, by size', async () => {
    const { running, socket, client } = await blocked({ maxBufferedBytes: 256 * KB, maxAgeMs: 3_600_000 });
    await sleep(300);
    expect(running.eventsOf('backpressured')).toEqual([]);
    socket.send(Buffer.alloc(512 * KB));
    await until('it is told', () => running.eventsOf('backpressured').length === 1);
    expect(running.eventsOf('backpressured')[0]!.bufferedBytes).toBeGreaterThan(512 * KB);
    expect(running.eventsOf('backpressured')[0]!.connection.bufferedBytes).toBeGreaterThan(512 * KB);
    await sleep(300);
    expect(running.eventsOf('backpressured')).toHaveLength(1);
    expect(running.eventsOf('backpressure_relieved')).toEqual([]);
    expect(client.closed).toBeUndefined();
    client.socket.resume();
    await until('it has caught up', () => running.eventsOf('backpressure_relieved').length === 1);
    socket.send(Buffer.alloc(10));
    await sleep(200);
    expect(running.eventsOf('backpressured')).toHaveLength(1);
  });

  it('is told by the age of the oldest byte, however few there are', async () => {
    const { running, waiting } = await blocked({ maxBufferedBytes: 64 * 1024 * KB, maxAgeMs: 400 });
    expect(waiting).toBeLessThan(100 * KB);
    await until('it is told', () => running.eventsOf('backpressured').length === 1);
    const { oldestMs, bufferedBytes } = running.eventsOf('backpressured')[0]!;
    expect(oldestMs).toBeGreaterThan(400);
    expect(bufferedBytes).toBeLessThan(100 * KB);
  });

  it('is not told by age where bytes wait all the time but never the same for long', async () => {
    const { running, client, socket } = await blocked({ maxBufferedBytes: 64 * 1024 * KB, maxAgeMs: 1_000 });
    client.socket.resume();
    const sending = setInterval(() => {
      if (socket.bufferedAmount < 4 * 1024 * KB) socket.send(Buffer.alloc(2 * 1024 * KB));
    }, 1);
    await sleep(2_500);
    clearInterval(sending);
    expect(running.eventsOf('backpressured')).toEqual([]);
  });

  it('is closed with 4002 where the options say so', async () => {
    const { running, client, socket } = await blocked({ maxBufferedBytes: 128 * KB, action: 'close' });
    socket.send(Buffer.alloc(512 * KB));
    await until('it is gone', () => running.eventsOf('closed').length === 1);
    expect(running.eventsOf('backpressured')).toHaveLength(1);
    expect(running.eventsOf('closed')[0]).toMatchObject({
      reason: 'backpressure',
      code: 4002,
      evidence: { sentCode: 4002 },
    });
    expect(running.eventsOf('closed')[0]!.ghost).toBeUndefined();
    client.socket.resume();
    await until('the client knows', () => client.closed !== undefined);
  });

  it('is told 4002 itself when it reads on in time', async () => {
    const { running, client, socket } = await blocked({ maxAgeMs: 100, action: 'close' });
    await until('it is told', () => running.eventsOf('backpressured').length === 1);
    expect(socket.readyState).toBe(2);
    client.socket.resume();
    await until('the client knows', () => client.closed !== undefined);
    expect(client.closed).toMatchObject({ code: 4002, reason: 'reader too slow' });
  });

  it('is nobody’s business where the option is off', async () => {
    const { running, socket } = await blocked(false);
    socket.send(Buffer.alloc(4 * 1024 * KB));
    await sleep(300);
    expect(running.eventsOf('backpressured')).toEqual([]);
  });
});
