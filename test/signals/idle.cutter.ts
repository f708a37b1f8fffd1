import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

import type { FakeClock } from 'nestjs-connection-health/testing';

interface Line {
  readonly client: Socket;
  readonly upstream: Socket;
  lastByteAt: number;
}

/** What proxies do: passes bytes on, and ends connections that have been idle for too long, in virtual time. */
export class IdleCutter {
  /** Of each connection that was cut, for how long it had been idle. */
  readonly cuts: number[] = [];
  private readonly lines = new Set<Line>();
  private readonly stopClock: () => void;

  private constructor(
    private readonly server: Server,
    private readonly options: { readonly port: number; readonly limitMs: number; readonly clock: FakeClock },
  ) {
    server.on('connection', (client) => this.relay(client));
    this.stopClock = options.clock.every(100, () => this.cutTheIdle());
  }

  static async start(options: IdleCutter['options']): Promise<IdleCutter> {
    const server = createServer({ noDelay: true }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new IdleCutter(server, options);
  }

  get url(): string {
    return `ws://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Everybody, at once. */
  cutAll(): void {
    for (const line of this.lines) this.cut(line);
  }

  async stop(): Promise<void> {
    this.stopClock();
    this.cutAll();
    this.server.close();
    await once(this.server, 'close');
  }

  private relay(client: Socket): void {
    const { clock, port } = this.options;
    const upstream = connect({ port, host: '127.0.0.1', noDelay: true });
    const line: Line = { client, upstream, lastByteAt: clock.monotonic() };
    this.lines.add(line);
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      from.on('data', (data) => {
        line.lastByteAt = clock.monotonic();
        to.write(data);
      });
      from.on('error', () => undefined);
      from.on('close', () => this.cut(line));
    }
  }

  private cutTheIdle(): void {
    for (const line of this.lines) {
      const idleMs = this.options.clock.monotonic() - line.lastByteAt;
      if (idleMs < this.options.limitMs) continue;
      this.cuts.push(idleMs);
      this.cut(line);
    }
  }

  private cut(line: Line): void {
    this.lines.delete(line);
    line.client.destroy();
    line.upstream.destroy();
  }
}
