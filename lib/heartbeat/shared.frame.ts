import { OPCODE, serverFrame } from '../protocol/server.frame.js';

const encoder = new TextEncoder();

/** A message of ours for many connections, and the bytes that it is on the wire: made once, whoever gets it. */
export class SharedFrame {
  private alone: Uint8Array | undefined;
  private withPing: Uint8Array | undefined;

  constructor(readonly data: string | Uint8Array) {}

  /** @param ping the payload of a protocol ping behind it: the same at each call that has one */
  bytes(ping: Uint8Array | undefined): Uint8Array {
    this.alone ??= asBuffer(
      typeof this.data === 'string'
        ? serverFrame(OPCODE.text, encoder.encode(this.data))
        : serverFrame(OPCODE.binary, this.data),
    );
    if (ping === undefined) return this.alone;
    this.withPing ??= Buffer.concat([this.alone, serverFrame(OPCODE.ping, ping)]);
    return this.withPing;
  }
}

/** As `ws` writes: whoever stands between it and the kernel may count on a `Buffer`. */
function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
