import { MessageBody, SubscribeMessage, WebSocketGateway, WebSocketServer } from '@nestjs/websockets';
import { ConnectionInfo, type ConnectionSnapshot } from 'nestjs-connection-health';
import type { Namespace } from 'socket.io';

import { serverOptions } from './server.options.js';

/** A chat that knows nothing of heartbeats. */
@WebSocketGateway({ namespace: 'chat', ...serverOptions })
export class ChatGateway {
  @WebSocketServer() private readonly chat!: Namespace;

  @SubscribeMessage('say')
  say(@MessageBody() text: string, @ConnectionInfo() connection: ConnectionSnapshot): void {
    this.chat.emit('said', { from: connection.identity, text });
  }
}
