import { once } from 'node:events';

import * as fc from 'fast-check';
import { WebSocket, type ClientOptions } from 'ws';

import { frames, type Frame } from './frames.js';

/** A client that sends bytes as they are, and keeps every message it gets. */
export class RawClient {
  readonly got: string[] = [];
  protocolPings = 0;
  closeCode: number | undefined;

  private constructor(readonly socket: WebSocket) {
    socket.on('message', (data: Buffer) => this.got.push(data.toString()));
    socket.on('ping', () => this.protocolPings++);
    socket.on('close', (code) => (this.closeCode = code));
    socket.on('error', () => undefined);
  }

  static async connect(url: string, options: ClientOptions = {}): Promise<RawClient> {
    const client = new RawClient(new WebSocket(url, options));
    await once(client.socket, 'open');
    return client;
  }
}

/** A frame and its way over the wire. */
export interface Sending {
  readonly frame: Frame;
  /** Where it is cut into fragments. */
  readonly cuts: readonly number[];
  readonly compress: boolean;
}

/** Frames around rule R9 on any way: in one piece or in several, compressed or not. */
export const sendings: fc.Arbitrary<Sending> = fc.record({
  frame: frames,
  cuts: fc.oneof(fc.constant([]), fc.array(fc.nat({ max: 1_100 }), { maxLength: 3 })),
  compress: fc.boolean(),
});

/** Sends a frame that way. */
export function transmit(socket: WebSocket, { frame, cuts, compress }: Sending): void {
  const ends = [
    ...cuts.filter((cut) => cut < frame.data.byteLength).sort((one, other) => one - other),
    undefined,
  ];
  let from = 0;
  for (const end of ends) {
    const part = frame.data.subarray(from, end);
    socket.send(part, { binary: frame.isBinary, compress, fin: end === undefined });
    from = end ?? 0;
  }
}
