import { describe, expect, it } from '@jest/globals';
import { WebSocketGateway } from '@nestjs/websockets';
import type { ConnectionHealthModuleOptions } from 'nestjs-connection-health';
import type { WebSocket } from 'ws';

import { useApps } from '../support/apps.js';
import { TestClient } from '../support/client.js';
import { sleep } from '../support/wait.js';
import { blockReader } from './blocked.reader.js';

const INTERVAL = 50;
/** Bytes of one heartbeat and of a few protocol pings with their frames' headers. */
const ONE_QUESTION = 200;

@WebSocketGateway()
class BlockedGateway {
  readonly clients: WebSocket[] = [];
  handleConnection(client: WebSocket): void {
    this.clients.push(client);
  }
}

/** Settings in which nobody is closed, so that a blocked reader is asked for as long as it stays. */
const WAYS: Record<string, ConnectionHealthModuleOptions> = {
  'heartbeats and pings': { heartbeat: { intervalMs: INTERVAL, enforce: 'observe' } },
  'heartbeats with many misses': { heartbeat: { intervalMs: INTERVAL, maxMissed: 10_000 } },
  'protocol pings only': {
    heartbeat: false,
    protocolPing: { intervalMs: INTERVAL },
    sweep: { mode: 'observe' },
  },
  'protocol pings of their own interval': {
    heartbeat: { intervalMs: 20 * INTERVAL, enforce: 'observe' },
    protocolPing: { intervalMs: INTERVAL },
  },
};

describe('what we send to a reader that is blocked', () => {
  const startApp = useApps();

  it.each(Object.entries(WAYS))('does not pile up: %s', async (_way, options) => {
    const { app, url } = await startApp([BlockedGateway], {
      ...options,
      // Time for a slow reader would postpone the next question for longer than this test looks.
      progress: { maxExtraMs: 10 },
      massTimeout: false,
      logging: { level: 'off' },
    });
    const client = await TestClient.connect(url);
    const [socket] = app.get(BlockedGateway).clients;
    const waiting = await blockReader(client, socket!);
    await sleep(40 * INTERVAL);
    expect(client.closed).toBeUndefined();
    expect(socket!.readyState).toBe(1);
    expect(socket!.bufferedAmount - waiting).toBeLessThan(ONE_QUESTION);
  });

  it('does not pile up either when the reader goes on asking us', async () => {
    const { app, url } = await startApp([BlockedGateway], {
      heartbeat: { intervalMs: 20 * INTERVAL, maxPerInterval: 1_000 },
      logging: { level: 'off' },
    });
    const client = await TestClient.connect(url);
    const [socket] = app.get(BlockedGateway).clients;
    const waiting = await blockReader(client, socket!);
    for (let asked = 0; asked < 200; asked++) {
      client.send({ type: 'client_ping', ts: asked });
      await sleep(5);
    }
    expect(socket!.readyState).toBe(1);
    expect(socket!.bufferedAmount - waiting).toBeLessThan(10 * ONE_QUESTION);
  });
});
