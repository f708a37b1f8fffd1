import { once } from 'node:events';
import type { AddressInfo } from 'node:net';

import { buildSchema, type ExecutionResult } from 'graphql';
import { useServer } from 'graphql-ws/use/ws';
import { WebSocketServer } from 'ws';

/** A real GraphQL server on a server of its own, which Nest knows nothing of, and what of ours has reached it. */
export class GraphqlServer {
  readonly pinged: unknown[] = [];
  readonly ponged: unknown[] = [];
  readonly raw: string[] = [];

  private constructor(
    readonly server: WebSocketServer,
    readonly url: string,
  ) {}

  static async start(): Promise<GraphqlServer> {
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1', path: '/graphql' });
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const started = new GraphqlServer(server, `ws://127.0.0.1:${port}`);
    useServer(
      {
        schema: buildSchema('type Query { hello: String } type Subscription { count: Int }'),
        subscribe: () => count(),
        onPing: (_context, payload) => void started.pinged.push(payload),
        onPong: (_context, payload) => void started.ponged.push(payload),
      },
      server,
    );
    server.on('connection', (socket) =>
      socket.on('message', (data: Buffer) => started.raw.push(data.toString())),
    );
    return started;
  }

  close(): void {
    for (const client of this.server.clients) client.terminate();
    this.server.close();
  }
}

async function* count(): AsyncGenerator<ExecutionResult> {
  for (let number = 1; number <= 3; number++) yield await Promise.resolve({ data: { count: number } });
}
