import { MessageBody, SubscribeMessage, WebSocketGateway, WebSocketServer } from '@nestjs/websockets';
import { WebSocket, type WebSocketServer as Server } from 'ws';

/** A chat that knows nothing of heartbeats. */
@WebSocketGateway()
export class ChatGateway {
  @WebSocketServer() private readonly server!: Server;
  messages = 0;

  @SubscribeMessage('chat')
  chat(@MessageBody() text: string): void {
    this.messages++;
    const message = JSON.stringify({ event: 'chat', data: text });
    for (const client of this.server.clients) {
      if (client.readyState === WebSocket.OPEN) client.send(message);
    }
  }
}
