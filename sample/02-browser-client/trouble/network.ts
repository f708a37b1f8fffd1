import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

import { Injectable, type OnApplicationShutdown } from '@nestjs/common';

/** The answer to whoever asked for it goes out first. */
const BEFORE_MS = 200;

/** The network between the pages and the app. Cut, it passes nothing, and tells nobody: no FIN, no RST. */
@Injectable()
export class Network implements OnApplicationShutdown {
  private readonly pairs = new Set<readonly [Socket, Socket]>();
  private readonly server = createServer({ noDelay: true }, (page) => this.join(page));
  private readonly timers = new Set<NodeJS.Timeout>();
  private appPort = 0;
  private isCut = false;

  /** @returns the port that pages connect to */
  async open({ from, to }: { from: number; to: number }): Promise<number> {
    this.appPort = to;
    await once(this.server.listen(from, '127.0.0.1'), 'listening');
    return (this.server.address() as AddressInfo).port;
  }

  cut(ms: number): void {
    this.after(BEFORE_MS, () => {
      this.isCut = true;
      for (const [page, app] of this.pairs) for (const socket of [page, app]) socket.unpipe();
    });
    this.after(BEFORE_MS + ms, () => {
      this.isCut = false;
      for (const pair of this.pairs) this.mend(pair);
    });
  }

  onApplicationShutdown(): void {
    for (const timer of this.timers) clearTimeout(timer);
    this.server.close();
    for (const [page, app] of this.pairs) for (const socket of [page, app]) socket.destroy();
  }

  private join(page: Socket): void {
    const app = connect({ port: this.appPort, host: '127.0.0.1', noDelay: true });
    const pair = [page, app] as const;
    this.pairs.add(pair);
    for (const socket of pair) {
      socket.on('error', () => undefined); // a reset; `close` follows
      socket.on('close', () => this.part(pair));
    }
    if (!this.isCut) this.mend(pair);
  }

  private mend(pair: readonly [Socket, Socket]): void {
    const [page, app] = pair;
    if (page.destroyed || app.destroyed) this.part(pair);
    else page.pipe(app).pipe(page);
  }

  private part(pair: readonly [Socket, Socket]): void {
    // Nobody hears of an end through a cut line.
    if (this.isCut) return;
    this.pairs.delete(pair);
    for (const socket of pair) socket.destroySoon();
  }

  private after(ms: number, run: () => void): void {
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      run();
    }, ms);
    this.timers.add(timer);
  }
}
