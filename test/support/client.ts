import { once } from 'node:events';

import { afterAll } from '@jest/globals';
import { WebSocket, type ClientOptions, type RawData } from 'ws';

/** How a test's client treats the pings it gets. */
export interface ClientBehaviour extends ClientOptions {
  /** Answers `server_ping`. @default true */
  answers?: boolean;
  /** What it says of itself in its answers. */
  state?: string;
}

/** Clients of this test file: a frozen one never hears that its server has gone, and would live on. */
const clients = new Set<WebSocket>();

afterAll(() => {
  for (const socket of clients) socket.terminate();
});

/** A real client on a real socket that keeps a record of what it sees. */
export class TestClient {
  readonly pings: { ts: number; interval: number }[] = [];
  /** Messages that are no `server_ping`. */
  readonly messages: string[] = [];
  protocolPings = 0;
  closed: { code: number; reason: string; at: number } | undefined;
  readonly openedAt = performance.now();
  answers: boolean;
  /** So many of the next pings are not answered. */
  ignoring = 0;
  /** When it last answered. */
  answeredAt: number | undefined;

  private constructor(
    readonly socket: WebSocket,
    private readonly behaviour: ClientBehaviour,
  ) {
    this.answers = behaviour.answers ?? true;
    clients.add(socket);
    socket.on('message', (data) => this.received(data));
    socket.on('ping', () => this.protocolPings++);
    socket.on(
      'close',
      (code, reason) => (this.closed = { code, reason: String(reason), at: performance.now() }),
    );
    socket.on('error', () => undefined);
  }

  static async connect(url: string, behaviour: ClientBehaviour = {}): Promise<TestClient> {
    const { answers: _answers, state: _state, ...options } = behaviour;
    const client = new TestClient(new WebSocket(url, options), behaviour);
    await once(client.socket, 'open');
    return client;
  }

  get isOpen(): boolean {
    return this.socket.readyState === WebSocket.OPEN;
  }

  send(message: object): void {
    this.socket.send(JSON.stringify(message));
  }

  /** Stops reading and writing for good, as a client whose network is gone does, without any FIN. */
  freeze(): void {
    this.answers = false;
    this.socket.pause();
  }

  private received(data: RawData): void {
    const text = String(data as Buffer);
    const message = parsed(text) as { type?: string; ts: number; interval: number } | undefined;
    if (message?.type !== 'server_ping') {
      this.messages.push(text);
      return;
    }
    this.pings.push(message);
    if (!this.answers || this.ignoring-- > 0) return;
    this.answeredAt = performance.now();
    this.send({ type: 'client_pong', ts: message.ts, state: this.behaviour.state });
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
