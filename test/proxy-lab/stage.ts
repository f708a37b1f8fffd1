import type { IncomingMessage } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';

import { afterEach } from '@jest/globals';
import { WebSocket, WebSocketServer, type ClientOptions } from 'ws';

import { until } from '../support/wait.js';
import type { RunningProxy } from './lab.js';

/** One end of a connection, and what has arrived there. */
export class End {
  readonly messages: Buffer[] = [];
  /** Payloads of protocol pings and pongs. */
  readonly pings: string[] = [];
  readonly pongs: string[] = [];
  readonly errors: string[] = [];
  /** As `code reason`. */
  closed: string | undefined;

  constructor(
    readonly socket: WebSocket,
    /** At the backend: what the client's request has become. */
    readonly request?: IncomingMessage,
  ) {
    socket.on('message', (data) => this.messages.push(data as Buffer));
    socket.on('ping', (data) => this.pings.push(String(data)));
    socket.on('pong', (data) => this.pongs.push(String(data)));
    socket.on('error', (error: NodeJS.ErrnoException) => this.errors.push(error.code ?? error.message));
    socket.on('close', (code, reason) => (this.closed = `${code} ${String(reason)}`.trim()));
  }

  get texts(): string[] {
    return this.messages.map(String);
  }

  async gets(text: string): Promise<void> {
    await until(`"${text}" arrives`, () => this.texts.includes(text));
  }

  async ends(withinMs?: number): Promise<string> {
    await until('the connection ends', () => this.closed !== undefined, withinMs);
    return this.closed!;
  }
}

/** A real `ws` server behind the proxies, and clients in front of them. All are gone after each test. */
export class Stage {
  /** The backend's ends, in the order of their upgrades. */
  readonly backends: End[] = [];
  private readonly clients: End[] = [];

  private constructor(private readonly server: WebSocketServer) {
    server.on('connection', (socket, request) => this.backends.push(new End(socket, request)));
  }

  static async open(): Promise<Stage> {
    const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
    await once(server, 'listening');
    return new Stage(server);
  }

  get backend(): { port: number } {
    return { port: (this.server.address() as AddressInfo).port };
  }

  async client(
    proxy: RunningProxy,
    path = '/',
    options: ClientOptions = {},
    protocols: string[] = [],
  ): Promise<End> {
    const end = new End(new WebSocket(proxy.url(path), protocols, options));
    this.clients.push(end);
    await until(
      'the client is connected',
      () => end.socket.readyState === WebSocket.OPEN || end.errors.length > 0,
    );
    return end;
  }

  /** A client and what the backend sees of it. */
  async pair(...args: Parameters<Stage['client']>): Promise<{ client: End; backend: End }> {
    const before = this.backends.length;
    const client = await this.client(...args);
    await until('the backend is reached', () => this.backends.length > before);
    return { client, backend: this.backends[before]! };
  }

  close(): void {
    for (const { socket } of [...this.clients, ...this.backends]) socket.terminate();
    this.server.close();
  }
}

/** Opens stages that are closed after the test. */
export function useStages(): () => Promise<Stage> {
  const open: Stage[] = [];
  afterEach(() => {
    for (const stage of open.splice(0)) stage.close();
  });
  return async () => {
    const stage = await Stage.open();
    open.push(stage);
    return stage;
  };
}
