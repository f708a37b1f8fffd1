import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/**
 * A stretch of network that can be cut. A real cut (a dead router, a phone in a tunnel, a NAT entry that has expired)
 * sends neither FIN nor RST: both ends keep an open socket and hear nothing. On one machine the kernel would announce
 * every end, so this relay keeps both its sockets open and forwards nothing any more. To the app it looks the same, and
 * also the same as a TCP proxy that has lost one of its halves.
 */
export class TcpRelay {
  private readonly sockets = new Set<Socket>();

  private constructor(private readonly server: Server) {}

  static async start(appPort: number): Promise<TcpRelay> {
    const server = createServer();
    const relay = new TcpRelay(server);
    server.on('connection', (client) => relay.join(client, connect(appPort, '127.0.0.1')));
    await once(server.listen(0, '127.0.0.1'), 'listening');
    return relay;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** From now on nothing passes, in no direction. */
  cut(): void {
    for (const socket of this.sockets) socket.unpipe().pause();
  }

  private join(client: Socket, app: Socket): void {
    for (const socket of [client, app]) {
      this.sockets.add(socket);
      socket.on('error', () => undefined); // a reset from the app, after the cut
    }
    client.pipe(app).pipe(client);
  }
}
