import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** How a relay treats what passes through it. */
export interface FaultRelayOptions {
  /** Port of the server on this machine that clients are passed on to. */
  readonly port: number;
  /** Bytes per second from client to server. @default unlimited */
  readonly toServerBytesPerSecond?: number;
  /** Bytes per second from server to client. @default unlimited */
  readonly toClientBytesPerSecond?: number;
  /** Milliseconds that everything is held back, each way. @default 0 */
  readonly delayMs?: number;
}

/** Pieces are small, so that a slow line is slow all the time and not in bursts. */
const PIECES_PER_SECOND = 50;

/**
 * A TCP relay on loopback that can be slow, late, or silent: a bad network, or a proxy that keeps the server's side open
 * for a client that is gone.
 *
 * @example
 * ```ts
 * const relay = await FaultRelay.start({ port, toServerBytesPerSecond: 200_000 });
 * const client = new WebSocket(relay.url);
 * relay.cut(); // from here on the server hears nothing, not even a FIN
 * await relay.stop();
 * ```
 */
export class FaultRelay {
  private readonly sockets = new Set<Socket>();
  private isCut = false;

  private constructor(
    private readonly server: Server,
    private readonly options: FaultRelayOptions,
  ) {
    server.on('connection', (client) => this.relay(client));
  }

  /** Starts a relay on a free port of 127.0.0.1. */
  static async start(options: FaultRelayOptions): Promise<FaultRelay> {
    const server = createServer({ allowHalfOpen: true, noDelay: true });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new FaultRelay(server, options);
  }

  /** Where clients connect. */
  get url(): string {
    return `ws://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** From now on nothing passes, and nobody is told: both sides stay open. */
  cut(): void {
    this.isCut = true;
    for (const socket of this.sockets) socket.pause();
  }

  /** Lets pass again, what has waited first. */
  heal(): void {
    this.isCut = false;
    for (const socket of this.sockets) socket.resume();
  }

  /** Ends everything. */
  async stop(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    this.server.close();
    await once(this.server, 'close');
  }

  private relay(client: Socket): void {
    const upstream = connect({
      port: this.options.port,
      host: '127.0.0.1',
      allowHalfOpen: true,
      noDelay: true,
    });
    for (const socket of [client, upstream]) {
      this.sockets.add(socket);
      socket.on('close', () => this.sockets.delete(socket));
      socket.on('error', () => undefined);
    }
    this.pass(client, upstream, this.options.toServerBytesPerSecond ?? Infinity);
    this.pass(upstream, client, this.options.toClientBytesPerSecond ?? Infinity);
    // Whoever connects through a cut line hears nothing, either.
    if (this.isCut) for (const socket of [client, upstream]) socket.pause();
  }

  /** Passes one direction on, piece by piece, reading no more than can be passed on. */
  private pass(from: Socket, to: Socket, bytesPerSecond: number): void {
    const { delayMs = 0 } = this.options;
    const line = { freeAt: 0, bytesPerSecond };
    const later = (run: () => void): void => void (delayMs === 0 ? run() : setTimeout(run, delayMs));
    from.on('data', (data) => {
      if (bytesPerSecond === Infinity) {
        later(() => this.forward(data, from, to));
        return;
      }
      from.pause();
      void this.trickle(data, to, line).then(() => this.isCut || from.resume());
    });
    from.on('end', () => later(() => this.isCut || to.end()));
    from.on('close', () => later(() => this.isCut || to.destroy()));
  }

  /** A relay that took whatever comes would hide from the server that nobody reads. */
  private forward(data: Buffer, from: Socket, to: Socket): void {
    if (to.write(data)) return;
    from.pause();
    to.once('drain', () => this.isCut || from.resume());
  }

  /** Sends what has come in pieces that keep, all together, to the speed; `line.freeAt` is when the next may go. */
  private async trickle(
    data: Buffer,
    to: Socket,
    line: { freeAt: number; bytesPerSecond: number },
  ): Promise<void> {
    const piece = Math.max(1, Math.floor(line.bytesPerSecond / PIECES_PER_SECOND));
    line.freeAt = Math.max(line.freeAt, performance.now());
    for (let sent = 0; sent < data.length && !to.destroyed;) {
      const waitMs = line.freeAt - performance.now();
      if (waitMs >= 1 || this.isCut) {
        await new Promise((resolve) => setTimeout(resolve, Math.max(1, waitMs)));
        continue;
      }
      const part = data.subarray(sent, sent + piece);
      to.write(part);
      sent += part.length;
      line.freeAt += (part.length / line.bytesPerSecond) * 1000;
    }
  }
}
