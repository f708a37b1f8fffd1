import type { AddressInfo } from 'node:net';

import { WebSocket, WebSocketServer, type RawData } from 'ws';

/** A terminating proxy that passes no message of more than so many bytes. */
export async function startNarrowBridge(
  backend: string,
  maxPayload: number,
): Promise<{ readonly url: string; stop(): void }> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', maxPayload });
  server.on('connection', (client) => {
    const gateway = new WebSocket(backend, { maxPayload });
    for (const [from, to] of [
      [client, gateway],
      [gateway, client],
    ] as const) {
      const pass = (data: RawData, isBinary: boolean): void => to.send(data, { binary: isBinary });
      from.on('message', (data, isBinary) => {
        if (to.readyState === WebSocket.CONNECTING) to.once('open', () => pass(data, isBinary));
        else if (to.readyState === WebSocket.OPEN) pass(data, isBinary);
      });
      from.on('error', () => undefined);
      from.on('close', () => to.terminate());
    }
  });
  await new Promise((resolve) => server.once('listening', resolve));
  return {
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    stop: () => {
      for (const client of server.clients) client.terminate();
      server.close();
    },
  };
}
