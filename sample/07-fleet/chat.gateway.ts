import { MessageBody, SubscribeMessage, WebSocketGateway, type WsResponse } from '@nestjs/websockets';

/** A chat with oneself. */
@WebSocketGateway()
export class ChatGateway {
  @SubscribeMessage('chat')
  chat(@MessageBody() text: string): WsResponse<string> {
    return { event: 'chat', data: text };
  }
}
