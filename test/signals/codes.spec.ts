import { describe, expect, it } from '@jest/globals';
import { WebSocketGateway } from '@nestjs/websockets';
import type { ClosedEvent } from 'nestjs-connection-health';
import type { WebSocket } from 'ws';

import type { TestApp } from '../support/app.js';
import { useApps } from '../support/apps.js';
import { TestClient } from '../support/client.js';
import { until } from '../support/wait.js';

@WebSocketGateway({ maxPayload: 1000 })
class CodesGateway {
  readonly clients: WebSocket[] = [];
  handleConnection(client: WebSocket): void {
    this.clients.push(client);
  }
}

interface Scene {
  readonly running: TestApp;
  readonly client: TestClient;
  readonly socket: WebSocket;
}

/** Ways to end, and what is known of them: [reason, code, sent, received, text]. */
const ENDS: Record<string, [(scene: Scene) => unknown, unknown[]]> = {
  'we evict it': [
    ({ running }) =>
      running.service.disconnect({ id: running.service.connections()[0]!.id }, { code: 4100, reason: 'go' }),
    ['evicted', 4100, 4100, 4100, 'go'],
  ],
  'we evict it, and it never answers': [
    ({ running, client }) => {
      client.freeze();
      return running.service.disconnect({ id: running.service.connections()[0]!.id });
    },
    ['evicted', 4003, 4003, 1006, undefined],
  ],
  'the client says goodbye': [
    ({ client }) => client.socket.close(4321, 'bye'),
    ['clean', 4321, 4321, 4321, 'bye'],
  ],
  'the client says nothing with its goodbye': [
    ({ client }) => client.socket.close(),
    ['clean', 1005, undefined, 1005, undefined],
  ],
  'the client is gone': [
    ({ client }) => client.socket.terminate(),
    ['error', 1006, undefined, 1006, undefined],
  ],
  'the app closes it': [({ socket }) => socket.close(4200, 'app'), ['clean', 4200, 4200, 4200, 'app']],
  'the app closes it, and it never answers': [
    ({ socket, client }) => {
      client.freeze();
      socket.close(4200, 'app');
    },
    ['error', 1006, 4200, 1006, undefined],
  ],
  'ws refuses what it sent': [
    ({ client }) => client.socket.send(Buffer.alloc(2000)),
    ['error', 1006, 1009, 1006, undefined],
  ],
};

describe('codes both ways', () => {
  const startApp = useApps();

  it.each(Object.entries(ENDS))('when %s', async (_what, [act, expected]) => {
    const running = await startApp([CodesGateway], { sweep: { closeTimeoutMs: 300 }, drain: false });
    const client = await TestClient.connect(running.url);
    const [socket] = running.app.get(CodesGateway).clients;
    socket!.on('error', () => undefined);
    await act({ running, client, socket: socket! });
    await until('it is closed', () => running.eventsOf('closed').length === 1);
    const { reason, code, evidence } = running.eventsOf('closed')[0] as ClosedEvent;
    expect([reason, code, evidence.sentCode, evidence.receivedCode, evidence.receivedText]).toEqual(expected);
  });
});
