import { EventEmitter } from 'node:events';
import type { Server } from 'node:http';

import type { INestApplication, WsMessageHandler } from '@nestjs/common';
import { AbstractWsAdapter } from '@nestjs/websockets';
import type { Observable } from 'rxjs';
import { WebSocketServer, type WebSocket } from 'ws';

/** A server that the product does not know: nothing of `ws` shows. */
class OddServer extends EventEmitter {
  private readonly inner: WebSocketServer;

  constructor(server: Server) {
    super();
    this.inner = new WebSocketServer({ server });
    this.inner.on('connection', (...args) => this.emit('connection', ...args));
  }

  close(done: () => void): void {
    for (const client of this.inner.clients) client.terminate();
    this.inner.close(done);
  }
}

/** An adapter of the app's own, which gives every handler every message. */
export class OddAdapter extends AbstractWsAdapter {
  constructor(
    app: INestApplication,
    private readonly read: (data: Buffer) => unknown,
  ) {
    super(app);
  }

  create(): OddServer {
    return new OddServer(this.httpServer as Server);
  }

  bindMessageHandlers(
    client: WebSocket,
    handlers: WsMessageHandler[],
    transform: (data: unknown) => Observable<unknown>,
  ): void {
    client.on('message', (data: Buffer) => {
      for (const { callback } of handlers) transform(callback(this.read(data))).subscribe();
    });
  }
}
