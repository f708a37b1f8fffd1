import { once } from 'node:events';
import type { AddressInfo } from 'node:net';

import { WebSocket, WebSocketServer, type RawData } from 'ws';

/**
 * A proxy that speaks WebSocket itself on both sides, as OpenResty does with `lua-resty-websocket`. It does not close its
 * backend side when a client is gone: some never do, and a correct one does the same as long as it has not noticed. It
 * answers the app's protocol pings itself, as RFC 6455 asks of it (`ws` does so on its own). Only a heartbeat, which
 * nobody is there to answer, tells.
 */
export class TerminatingProxy {
  private constructor(private readonly server: WebSocketServer) {}

  static async start(appPort: number): Promise<TerminatingProxy> {
    const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
    server.on('connection', (client, { url, headers }) => {
      const userAgent = headers['user-agent'] ?? '';
      const backend = new WebSocket(`ws://127.0.0.1:${appPort}${url}`, {
        headers: { 'user-agent': userAgent },
      });
      forward(client, backend);
      forward(backend, client);
    });
    await once(server, 'listening');
    return new TerminatingProxy(server);
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }
}

/** Data frames only; nothing happens at `close`. */
function forward(from: WebSocket, to: WebSocket): void {
  from.on('message', (data: RawData, isBinary) => {
    if (to.readyState === WebSocket.OPEN) to.send(data, { binary: isBinary });
  });
  from.on('error', () => undefined);
}
