import { once } from 'node:events';
import type { AddressInfo } from 'node:net';

import type { INestApplication } from '@nestjs/common';
import { WsAdapter } from '@nestjs/platform-ws';
import { WebSocketServer } from 'ws';

import { TestClient } from '../../support/client.js';
import { refusedUpgrade } from '../../support/http.client.js';
import { conformingGateway } from './conforming.gateway.js';
import type { DriverClient, DriverUnderTest, ForeignServer, Tempo, Visitor } from './driver.js';

/** A client of the `ws` package that answers our heartbeats. */
class WsClient implements DriverClient {
  constructor(private readonly client: TestClient) {}

  get echoes(): unknown[] {
    return this.client.messages
      .map((text) => JSON.parse(text) as { event?: string; data?: unknown })
      .filter(({ event }) => event === 'echo')
      .map(({ data }) => data);
  }

  get isOpen(): boolean {
    return this.client.isOpen;
  }

  get farewell(): string | undefined {
    const { closed } = this.client;
    return closed === undefined ? undefined : `${closed.code} ${closed.reason}`;
  }

  emit(event: string, data: unknown): void {
    this.client.send({ event, data });
  }

  leave(): void {
    this.client.socket.close(1000);
  }

  end(): void {
    this.client.socket.terminate();
  }
}

async function listen(): Promise<ForeignServer> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  server.on('connection', (socket) => socket.on('message', (data) => socket.send(String(data as Buffer))));
  await once(server, 'listening');
  return {
    server,
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: async () => {
      for (const client of server.clients) client.terminate();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Sockets of the `ws` package, by the heartbeats of the `json` codec. */
export const WS: DriverUnderTest = {
  name: 'ws',
  transport: 'ws',
  path: '/',
  governs: true,
  ghost: 'silent',
  timeoutCode: 4001,
  destroyedCode: 1006,
  peer: { library: 'ws' },
  ownData: [],
  gateway: () => conformingGateway({}),
  options: ({ intervalMs, timeoutMs }: Tempo) => ({ heartbeat: { intervalMs, timeoutMs } }),
  adapt: (app: INestApplication) => app.useWebSocketAdapter(new WsAdapter(app)),
  connect: async (url: string, { userAgent, user }: Visitor = {}) => {
    const headers: Record<string, string> = userAgent === undefined ? {} : { 'user-agent': userAgent };
    const query = user === undefined ? '' : `?user=${user}`;
    return new WsClient(await TestClient.connect(`${url}/${query}`, { headers }));
  },
  listen,
  refusal: refusedUpgrade,
  farewellOf: (code: number, text: string) => `${code} ${text}`,
};
