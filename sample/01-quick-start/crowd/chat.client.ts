import { once } from 'node:events';

import { WebSocket } from 'ws';

const TEXTS = ['hello', 'anybody here?', 'lunch at noon', 'who has the build?', 'see you tomorrow'];

/** Answers every heartbeat and chats now and then. */
export class ChatClient {
  private timer: NodeJS.Timeout | undefined;

  private constructor(
    private readonly socket: WebSocket,
    private readonly name: string,
  ) {
    socket.on('message', (data) => this.received(String(data as Buffer)));
    socket.on('error', () => undefined); // 'close' follows
    this.chatLater();
  }

  /** @param changed called when the connection has ended */
  static async connect(url: string, name: string, changed: () => void): Promise<ChatClient> {
    const socket = new WebSocket(url, { headers: { 'user-agent': name } });
    const client = new ChatClient(socket, name);
    await once(socket, 'open');
    socket.on('close', () => {
      clearTimeout(client.timer);
      changed();
    });
    return client;
  }

  get isOpen(): boolean {
    return this.socket.readyState === WebSocket.OPEN;
  }

  /** Ends without a close frame. */
  terminate(): void {
    this.socket.terminate();
  }

  private received(text: string): void {
    const message = JSON.parse(text) as { type?: string; ts?: number };
    if (message.type === 'server_ping') this.send({ type: 'client_pong', ts: message.ts });
  }

  private chatLater(): void {
    const text = TEXTS[Math.floor(Math.random() * TEXTS.length)];
    this.timer = setTimeout(
      () => {
        this.send({ event: 'chat', data: `${this.name}: ${text}` });
        this.chatLater();
      },
      5_000 + Math.random() * 10_000,
    );
  }

  private send(message: object): void {
    if (this.isOpen) this.socket.send(JSON.stringify(message));
  }
}
