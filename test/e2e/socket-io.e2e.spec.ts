import { describe, expect, it } from '@jest/globals';
import { ConnectedSocket, MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { ConnectionInfo, type ConnectionSnapshot } from 'nestjs-connection-health';

import { useIoApps } from '../socket-io/support/io.app.js';
import { useIoClients } from '../socket-io/support/io.client.js';
import { until } from '../support/wait.js';

const PINGS = { pingInterval: 200, pingTimeout: 150 };

@WebSocketGateway(PINGS)
class ChatGateway {
  @SubscribeMessage('whoami')
  whoami(@ConnectionInfo() connection: ConnectionSnapshot): unknown {
    return { id: connection.id, transport: connection.transport };
  }
}

@WebSocketGateway({ namespace: 'game', ...PINGS })
class GameGateway {
  @SubscribeMessage('move')
  move(@MessageBody() to: string, @ConnectedSocket() _client: object): string {
    return `moved ${to}`;
  }
}

describe('Socket.IO gateways', () => {
  const start = useIoApps();
  const connect = useIoClients();

  it('track a client once, however many namespaces it joins, and whatever carries it', async () => {
    const { service, url, eventsOf } = await start([ChatGateway, GameGateway]);
    const client = await connect(url);
    const game = client.socket.io.socket('/game').connect();
    await until('both namespaces are joined', () => service.connections()[0]?.namespaces?.length === 2);
    await until('it is upgraded', () => service.connections()[0]?.transport === 'websocket');
    const [connection, ...others] = service.connections();
    expect(others).toEqual([]);
    expect(connection).toMatchObject({
      gateway: 'ChatGateway+GameGateway',
      transport: 'websocket',
      namespaces: ['/', '/game'],
      recovered: false,
      path: '/socket.io/',
      state: 'open',
    });
    expect(await client.socket.emitWithAck('whoami')).toEqual({
      id: connection!.id,
      transport: 'websocket',
    });
    expect(await game.emitWithAck('move', 'left')).toBe('moved left');
    await until('its answers are measured', () => service.connections()[0]?.latencyMs !== undefined);
    client.socket.io.engine.close();
    await until('it is gone', () => eventsOf('closed').length === 1);
    expect(eventsOf('opened')).toHaveLength(1);
    expect(eventsOf('closed')[0]).toMatchObject({
      reason: 'clean',
      connection: { namespaces: ['/', '/game'] },
    });
  });
});
