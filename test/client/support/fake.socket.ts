import type { SocketClass } from 'nestjs-connection-health/client';

type Listener = (event: object) => void;

/** A socket without a network: what happens to it is the test's to say. */
export class FakeSocket {
  readyState = 0;
  bufferedAmount = 0;
  protocol = '';
  extensions = '';
  binaryType = 'blob';
  readonly sent: unknown[] = [];
  closedWith: { code?: number; reason?: string } | undefined;
  /** Tells of its end within `close()`: no standard socket does, and nobody says that none ever will. */
  isEager = false;
  private hasOpened = false;
  private readonly listeners: [type: string, listener: Listener][] = [];

  constructor(readonly url: string) {}

  addEventListener(type: string, listener: Listener): void {
    this.listeners.push([type, listener]);
  }

  removeEventListener(): void {}

  send(data: unknown): void {
    if (this.readyState === 0) throw new Error('send() while CONNECTING');
    if (this.readyState === 1) this.sent.push(data);
  }

  close(code?: number, reason?: string): void {
    if (this.readyState >= 2) return;
    this.readyState = 2;
    this.closedWith = { code, reason };
    if (this.isEager) this.end(code ?? 1005, reason);
  }

  /** The close frame of the server has come, and the end has not. */
  begunToClose(): void {
    if (this.readyState === 1) this.readyState = 2;
  }

  /** The handshake is done. Of a socket that was closed meanwhile the news may be under way already, and still comes. */
  open(): void {
    if (this.hasOpened || this.readyState === 3) return;
    this.hasOpened = true;
    if (this.readyState === 0) this.readyState = 1;
    this.emit('open', {});
  }

  receive(message: unknown): void {
    this.emit('message', { data: typeof message === 'string' ? message : JSON.stringify(message) });
  }

  /** What was read is no WebSocket any more: the end comes next. */
  fail(error: Error): void {
    if (this.readyState === 3) return;
    this.readyState = 2;
    this.emit('error', { error });
  }

  /** It is gone. */
  end(code = 1006, reason = ''): void {
    if (this.readyState === 3) return;
    this.readyState = 3;
    this.emit('close', { code, reason, wasClean: code !== 1006 });
  }

  private emit(type: string, event: object): void {
    for (const [other, listener] of this.listeners) if (other === type) listener(event);
  }
}

/** A class of fake sockets, and all that were made of it. */
export function fakeSockets(made: (socket: FakeSocket) => void = () => undefined): {
  readonly WebSocket: SocketClass;
  readonly sockets: FakeSocket[];
} {
  const sockets: FakeSocket[] = [];
  class RecordedSocket extends FakeSocket {
    constructor(url: string) {
      super(url);
      sockets.push(this);
      made(this);
    }
  }
  return { WebSocket: RecordedSocket as unknown as SocketClass, sockets };
}
