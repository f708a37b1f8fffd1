import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import type { INestApplication } from '@nestjs/common';

/**
 * One address for several apps, told apart by the first part of the path, so that one proxy of each kind leads to all
 * of them. It hands the upgraded socket itself on: nothing stands between an app and its proxy.
 */
export class FrontDoor {
  private constructor(
    private readonly server: Server,
    readonly host: string,
  ) {}

  static async open(host: string, apps: Readonly<Record<string, INestApplication>>): Promise<FrontDoor> {
    const server = createServer((_request, response) => response.writeHead(426).end());
    server.on('upgrade', (request, socket, head) => {
      const app = apps[/^\/([^/?]*)/.exec(request.url ?? '')?.[1] ?? ''];
      if (app === undefined) socket.destroy();
      else (app.getHttpServer() as Server).emit('upgrade', request, socket, head);
    });
    server.listen(0, host);
    await once(server, 'listening');
    return new FrontDoor(server, host);
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    const closed = once(this.server, 'close');
    this.server.close();
    this.server.closeAllConnections();
    await closed;
  }
}
