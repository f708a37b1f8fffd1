import { afterEach } from '@jest/globals';
import { SubscribeMessage, WebSocketGateway, type OnGatewayConnection } from '@nestjs/websockets';
import type { ConnectionHealthModuleOptions } from 'nestjs-connection-health';
import type { RawData, WebSocket } from 'ws';

import { startApp, type MemoryLogger, type TestApp } from '../../support/app.js';

export const TOKEN = 'the-token-of-these-tests';

/** What reached the app, by any way there is. */
export interface Received {
  readonly frames: { readonly data: Buffer; readonly isBinary: boolean }[];
  readonly messages: unknown[];
  /** The app's ends of all connections, in the order they came. */
  readonly sockets: WebSocket[];
}

/** An app that is audited, and remembers everything that it gets to see. */
export async function startAudited(
  options: ConnectionHealthModuleOptions = {},
  more: { logger?: MemoryLogger; opened?: (client: WebSocket) => void; maxPayload?: number } = {},
): Promise<TestApp & Received> {
  const received: Received = { frames: [], messages: [], sockets: [] };

  @WebSocketGateway({ perMessageDeflate: true, ...(more.maxPayload && { maxPayload: more.maxPayload }) })
  class AuditedGateway implements OnGatewayConnection {
    handleConnection(client: WebSocket): void {
      received.sockets.push(client);
      client.on('message', (data: RawData, isBinary) =>
        received.frames.push({ data: Buffer.from(data as Buffer), isBinary }),
      );
      more.opened?.(client);
    }

    @SubscribeMessage('chat')
    chat(_client: WebSocket, data: unknown): void {
      received.messages.push(data);
    }
  }

  const { logger } = more;
  const app = await startApp(
    [AuditedGateway],
    { audit: { token: TOKEN }, metrics: false, ...options },
    logger === undefined ? {} : { logger },
  );
  return { ...app, ...received };
}

/** Starts audited apps that are closed after the test, whatever happened in it. */
export function useAudited(): typeof startAudited {
  const running: TestApp[] = [];
  afterEach(async () => {
    for (const { app } of running.splice(0).toReversed()) await app.close();
  });
  return async (...args) => {
    const started = await startAudited(...args);
    running.push(started);
    return started;
  };
}

export function portOf({ url }: TestApp): number {
  return Number(new URL(url).port);
}
