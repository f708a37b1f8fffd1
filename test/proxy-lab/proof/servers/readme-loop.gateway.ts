import type { IncomingMessage } from 'node:http';

import type { Type } from '@nestjs/common';
import { WebSocketGateway } from '@nestjs/websockets';
import type { WebSocket, WebSocketServer as WsServer } from 'ws';

import { HoldingGateway } from './holding.gateway.js';

type PingedSocket = WebSocket & { isAlive?: boolean };

/** Protocol pings only: a gateway with the loop of the `ws` README ("How to detect and close broken connections?"). */
export function readmeLoopGateway(intervalMs: number): Type<HoldingGateway> {
  @WebSocketGateway({ path: '/pings' })
  class ReadmeLoopGateway extends HoldingGateway {
    private timer: NodeJS.Timeout | undefined;

    afterInit(server: WsServer): void {
      this.timer = setInterval(() => {
        for (const socket of server.clients as Set<PingedSocket>) {
          if (socket.isAlive === false) {
            socket.terminate();
            continue;
          }
          socket.isAlive = false;
          socket.ping();
        }
      }, intervalMs);
    }

    override handleConnection(client: PingedSocket, request: IncomingMessage): void {
      super.handleConnection(client, request);
      client.isAlive = true;
      client.on('pong', () => (client.isAlive = true));
    }

    onModuleDestroy(): void {
      clearInterval(this.timer);
    }
  }
  return ReadmeLoopGateway;
}
