import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

import { afterEach } from '@jest/globals';
import { WebSocketServer, type ServerOptions, type WebSocket } from 'ws';

/** One connection as the server sees it. */
export interface ServedConnection {
  readonly socket: WebSocket;
  readonly request: IncomingMessage;
  /** Messages in order: text as a string, bytes as a buffer. */
  readonly got: (string | Buffer)[];
  readonly openedAt: number;
  closed: { code: number; reason: string } | undefined;
}

/** A server of plain `ws` that knows nothing of us. */
export class PlainServer {
  readonly connections: ServedConnection[] = [];
  private readonly sockets = new Set<Socket>();

  private constructor(
    private readonly http: Server,
    server: WebSocketServer,
    served: (connection: ServedConnection) => void,
  ) {
    http.on('connection', (socket) => this.sockets.add(socket));
    server.on('connection', (socket, request) => {
      const connection: ServedConnection = {
        socket,
        request,
        got: [],
        openedAt: performance.now(),
        closed: undefined,
      };
      this.connections.push(connection);
      socket.on('message', (data: Buffer, isBinary) => connection.got.push(isBinary ? data : String(data)));
      socket.on('close', (code, reason) => (connection.closed = { code, reason: String(reason) }));
      socket.on('error', () => undefined);
      served(connection);
    });
  }

  static async start(
    served: (connection: ServedConnection) => void = () => undefined,
    { port = 0, ...options }: ServerOptions = {},
  ): Promise<PlainServer> {
    const http = createServer().listen(port, '127.0.0.1');
    const server = new PlainServer(http, new WebSocketServer({ server: http, ...options }), served);
    await once(http, 'listening');
    return server;
  }

  get port(): number {
    return (this.http.address() as AddressInfo).port;
  }

  get url(): string {
    return `ws://127.0.0.1:${this.port}`;
  }

  get last(): ServedConnection | undefined {
    return this.connections.at(-1);
  }

  /** Connections that are open now. */
  get open(): ServedConnection[] {
    return this.connections.filter(({ socket }) => socket.readyState === socket.OPEN);
  }

  /** All messages of the app, of all connections. */
  get got(): (string | Buffer)[] {
    return this.connections.flatMap(({ got }) => got);
  }

  /** Ends everything at once, as a process that is killed does. */
  async stop(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.http.close(resolve));
  }
}

/** Starts servers that are stopped after the test. */
export function useServers(): typeof PlainServer.start {
  const servers: PlainServer[] = [];
  afterEach(async () => {
    for (const server of servers.splice(0)) await server.stop();
  });
  return async (...args) => {
    const server = await PlainServer.start(...args);
    servers.push(server);
    return server;
  };
}
