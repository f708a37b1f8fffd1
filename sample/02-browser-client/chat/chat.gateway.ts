import {
  ConnectedSocket,
  MessageBody,
  SubscribeMessage,
  WebSocketGateway,
  WebSocketServer,
} from '@nestjs/websockets';
import { WebSocket, type WebSocketServer as Server } from 'ws';

import { ChatRoom, type Remark, type SaidRemark } from './chat.room.js';

/** Says everything to everybody, and to those who come back what they have missed. */
@WebSocketGateway()
export class ChatGateway {
  @WebSocketServer() private readonly server!: Server;
  /** Who has heard what was said before: remarks must arrive in order. */
  private readonly joined = new WeakSet<WebSocket>();

  constructor(private readonly room: ChatRoom) {}

  /** The first message on each connection of a page. */
  @SubscribeMessage('join')
  join(
    @MessageBody() { after = 0, unconfirmed = [] }: { after?: number; unconfirmed?: Remark[] },
    @ConnectedSocket() client: WebSocket,
  ): void {
    for (const remark of this.room.since(after)) client.send(frame(remark));
    this.joined.add(client);
    for (const remark of unconfirmed) this.chat(remark);
  }

  @SubscribeMessage('chat')
  chat(@MessageBody() remark: Remark): void {
    const said = this.room.add(remark);
    if (said === undefined) return;
    for (const client of this.server.clients) {
      if (this.joined.has(client) && client.readyState === WebSocket.OPEN) client.send(frame(said));
    }
  }
}

function frame(data: SaidRemark): string {
  return JSON.stringify({ event: 'chat', data });
}
