import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

import { WebSocket, WebSocketServer } from 'ws';

/** One connection as the backend sees it. */
export class Arrival {
  readonly messages: { readonly data: Buffer; readonly isBinary: boolean }[] = [];
  readonly pings: string[] = [];
  readonly pongs: string[] = [];
  closed: { readonly code: number; readonly reason: string; readonly at: number } | undefined;

  constructor(
    readonly socket: WebSocket,
    readonly request?: IncomingMessage,
  ) {
    socket.on('message', (data: Buffer, isBinary) => this.messages.push({ data, isBinary }));
    socket.on('ping', (data) => this.pings.push(String(data)));
    socket.on('pong', (data) => this.pongs.push(String(data)));
    socket.on('close', (code, reason) => {
      this.closed = { code, reason: String(reason), at: performance.now() };
    });
    socket.on('error', () => undefined);
  }
}

/** A plain WebSocket server that writes down what reaches it, and refuses `/refused`. */
export class RecordingBackend {
  readonly arrivals: Arrival[] = [];
  private readonly http = createServer();
  private readonly server = new WebSocketServer({
    server: this.http,
    // Takes up whatever a client offers, as long as it arrives.
    perMessageDeflate: { threshold: 0 },
    handleProtocols: (protocols) => [...protocols].at(-1)!,
    verifyClient: ({ req }, done) =>
      req.url?.includes('refused') === true
        ? done(false, 401, 'Unauthorized', { 'WWW-Authenticate': 'Bearer', 'Set-Cookie': 'seen=1' })
        : done(true),
  });

  constructor() {
    this.server.on('connection', (socket, request) => this.arrivals.push(new Arrival(socket, request)));
    this.server.on('headers', (headers) => headers.push('Set-Cookie: a=1', 'Set-Cookie: b=2'));
  }

  async listen(): Promise<number> {
    this.http.listen(0, '127.0.0.1');
    await once(this.http, 'listening');
    return (this.http.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    for (const socket of this.server.clients) socket.terminate();
    this.server.close();
    this.http.close();
    this.http.closeAllConnections();
    await once(this.http, 'close');
  }
}

/** Connects and waits until both ends know of it. */
export async function meet(
  backend: RecordingBackend,
  client: WebSocket,
): Promise<{ readonly here: Arrival; readonly there: Arrival }> {
  const known = backend.arrivals.length;
  const here = new Arrival(client);
  await once(client, 'open');
  if (backend.arrivals.length === known) await new Promise((resolve) => setTimeout(resolve, 100));
  return { here, there: backend.arrivals[known]! };
}
