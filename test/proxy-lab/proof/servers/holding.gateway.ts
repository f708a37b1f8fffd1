import type { IncomingMessage } from 'node:http';

import { WebSocketGateway, WebSocketServer } from '@nestjs/websockets';
import type { WebSocket, WebSocketServer as WsServer } from 'ws';

/** Who a client says it is, in its address. */
export function whoOf(request: IncomingMessage | undefined): string {
  return new URL(request?.url ?? '', 'http://host').searchParams.get('who') ?? 'nobody';
}

/** The app under test: knows whom it holds, and when the others went. */
export class HoldingGateway {
  @WebSocketServer() readonly server!: WsServer;
  readonly held = new Map<WebSocket, string>();
  /** Milliseconds since the Unix epoch. */
  readonly goneAt = new Map<string, number>();

  handleConnection(client: WebSocket, request: IncomingMessage): void {
    this.held.set(client, whoOf(request));
  }

  handleDisconnect(client: WebSocket): void {
    this.goneAt.set(this.held.get(client)!, Date.now());
    this.held.delete(client);
  }
}

/** No module, nothing else either: connections live until TCP says otherwise. */
@WebSocketGateway({ path: '/nothing' })
export class PlainGateway extends HoldingGateway {}

/** With `ConnectionHealthModule`. */
@WebSocketGateway({ path: '/ours' })
export class OursGateway extends HoldingGateway {}
