import { MessageBody, SubscribeMessage, WebSocketGateway, WebSocketServer } from '@nestjs/websockets';
import {
  ConnectionInfo,
  OnConnectionClosed,
  OnConnectionOpened,
  type ClosedEvent,
  type ConnectionSnapshot,
  type OpenedEvent,
} from 'nestjs-connection-health';
import { WebSocket, type WebSocketServer as Server } from 'ws';

import { Presence } from './presence.js';

/** A chat that shows who is there. A ghost must not stay on the list. */
@WebSocketGateway()
export class ChatGateway {
  @WebSocketServer() private readonly server!: Server;

  constructor(private readonly presence: Presence) {}

  @OnConnectionOpened()
  opened({ connection }: OpenedEvent): void {
    if (connection.identity === undefined) return;
    this.presence.join(connection.identity);
    this.tell('joined', connection.identity);
  }

  @OnConnectionClosed()
  closed({ connection }: ClosedEvent): void {
    if (connection.identity === undefined) return;
    this.presence.leave(connection.identity);
    this.tell('left', connection.identity);
  }

  @SubscribeMessage('chat')
  chat(@MessageBody() text: string, @ConnectionInfo() { identity }: ConnectionSnapshot): void {
    this.tell('chat', `${identity}: ${text}`);
  }

  private tell(event: string, data: string): void {
    const message = JSON.stringify({ event, data });
    for (const client of this.server.clients) {
      if (client.readyState === WebSocket.OPEN) client.send(message);
    }
  }
}
