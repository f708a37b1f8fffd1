import { once } from 'node:events';

import { WebSocket } from 'ws';

import type { Frame } from '../support/frames.js';
import type { Wire } from './wires.js';

/** A client that does its half of a wire: it answers where it is asked, and speaks by itself where it is not. */
export class ConformanceClient {
  /** What came that is no heartbeat of ours. */
  readonly got: Frame[] = [];
  pings = 0;
  closeCode: number | undefined;
  private speaking: NodeJS.Timeout | undefined;

  private constructor(
    readonly socket: WebSocket,
    private readonly wire: Wire,
  ) {
    socket.on('message', (data: Buffer, isBinary) => this.hear({ data, isBinary }));
    socket.on('close', (code) => {
      this.closeCode = code;
      this.hush();
    });
    socket.on('error', () => undefined);
  }

  /** Connects and, where the wire begins with one, goes through its handshake. */
  static async connect(url: string, wire: Wire): Promise<ConformanceClient> {
    const client = new ConformanceClient(new WebSocket(url), wire);
    await once(client.socket, 'open');
    if (wire.handshake !== undefined) client.send(wire.handshake.request);
    return client;
  }

  send({ data, isBinary }: Frame): void {
    this.socket.send(data, { binary: isBinary });
  }

  /** Speaks by itself from now on, where that is what shows that it is there. */
  speakEvery(ms: number): void {
    if (this.wire.answerTo === undefined) this.speaking = setInterval(() => this.send(this.wire.ask), ms);
  }

  /** Stands still, as a stopped process does, without any FIN. */
  freeze(): void {
    this.hush();
    this.socket.pause();
  }

  end(): void {
    this.hush();
    this.socket.terminate();
  }

  private hush(): void {
    clearInterval(this.speaking);
  }

  private hear(frame: Frame): void {
    if (this.wire.isPing?.(frame) !== true) {
      this.got.push(frame);
      return;
    }
    this.pings++;
    if (this.wire.answerTo !== undefined) this.send(this.wire.answerTo(frame));
  }
}
