import { describe, expect, it } from '@jest/globals';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { ConnectionHealth } from 'nestjs-connection-health';

import { useApps } from '../support/apps.js';
import { TestClient } from '../support/client.js';
import { sleep, until } from '../support/wait.js';

const HEARTBEAT = { intervalMs: 400, timeoutMs: 250 };

@WebSocketGateway({ path: '/json' })
class JsonGateway {
  @SubscribeMessage('say')
  say(): void {}
}

@ConnectionHealth({ heartbeat: { codec: 'phoenix' } })
@WebSocketGateway({ path: '/phoenix' })
class PhoenixGateway {
  @SubscribeMessage('say')
  say(): void {}
}

@ConnectionHealth({ heartbeat: { codec: 'graphql-ws' } })
@WebSocketGateway({ path: '/graphql' })
class GraphqlGateway {
  @SubscribeMessage('say')
  say(): void {}
}

describe('crowds of several wires (R7)', () => {
  const start = useApps();
  const options = {
    heartbeat: HEARTBEAT,
    sweep: false,
    massTimeout: { ratio: 0.9, minConnections: 4 },
  } as const;

  it('does not hold clients that never answer to heartbeats because those of another wire speak them', async () => {
    const app = await start([JsonGateway, PhoenixGateway], options);
    const beating = await TestClient.connect(`${app.url}/phoenix`);
    const beat = setInterval(() => beating.socket.send('[null,"1","phoenix","heartbeat",{}]'), 150);
    try {
      const mute = await Promise.all(
        Array.from({ length: 5 }, () => TestClient.connect(`${app.url}/json`, { answers: false })),
      );
      await until('it is told', () => app.events.some(({ type }) => type === 'clients_do_not_answer'));
      await sleep(4 * HEARTBEAT.intervalMs);
      expect([beating, ...mute].map(({ isOpen }) => isOpen)).toEqual(Array(6).fill(true));
    } finally {
      clearInterval(beat);
    }
  });

  it('takes nobody for mute who answers in words of its own, and finds the dead among them', async () => {
    const app = await start([GraphqlGateway], options);
    const clients = await Promise.all(
      Array.from({ length: 6 }, () => TestClient.connect(`${app.url}/graphql`, { answers: false })),
    );
    // As some implementations do: the payload is not handed back.
    for (const { socket } of clients.slice(1))
      socket.on('message', (data: Buffer) => {
        if (String(data).includes('"ping"')) socket.send('{"type":"pong"}');
      });
    // The first one’s program is frozen behind a proxy that answers protocol pings.
    await until('the dead is closed', () => clients[0]!.closed !== undefined, 10_000);
    await sleep(2 * HEARTBEAT.intervalMs);
    expect(clients.slice(1).every(({ isOpen }) => isOpen)).toBe(true);
    expect(app.events.filter(({ type }) => type === 'clients_do_not_answer')).toEqual([]);
    expect(app.eventsOf('closed')).toMatchObject([{ reason: 'timeout', ghost: 'proxy_answered' }]);
  });
});
