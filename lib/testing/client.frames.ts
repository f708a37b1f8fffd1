import { randomBytes } from 'node:crypto';

/** Kinds of frames (RFC 6455 section 5.2). */
export const OPCODE = {
  continuation: 0x0,
  text: 0x1,
  binary: 0x2,
  close: 0x8,
  ping: 0x9,
  pong: 0xa,
} as const;

/** A whole message, or a control frame, of a server. */
export interface ServerFrame {
  readonly opcode: number;
  readonly payload: Buffer;
}

const FIN = 0x80;
const MASKED = 0x80;
const LENGTH_16 = 126;
const LENGTH_64 = 127;
const MASK_BYTES = 4;

/** One frame as a client must send it: whole and masked (RFC 6455 section 5.3). */
export function clientFrame(opcode: number, payload: Uint8Array): Buffer {
  const mask = randomBytes(MASK_BYTES);
  const masked = Buffer.from(payload);
  for (let at = 0; at < masked.length; at++) masked[at]! ^= mask[at % MASK_BYTES]!;
  return Buffer.concat([headerOf(opcode, payload.length), mask, masked]);
}

function headerOf(opcode: number, length: number): Buffer {
  if (length < LENGTH_16) return Buffer.from([FIN | opcode, MASKED | length]);
  if (length < 2 ** 16) return Buffer.from([FIN | opcode, MASKED | LENGTH_16, length >> 8, length & 0xff]);
  const header = Buffer.alloc(10);
  header.set([FIN | opcode, MASKED | LENGTH_64]);
  header.writeBigUInt64BE(BigInt(length), 2);
  return header;
}

/** Puts the bytes of a server together to frames, and fragments to messages. No extensions: a faulty peer asks for none. */
export class ServerFrames {
  private readonly chunks: Buffer[] = [];
  private size = 0;
  /** Bytes without which it is no use to look. */
  private needed = 2;
  private message: { readonly opcode: number; readonly parts: Buffer[] } | undefined;

  /** Takes bytes as they come. @returns the frames that they complete */
  push(data: Buffer): ServerFrame[] {
    this.chunks.push(data);
    this.size += data.length;
    const frames: ServerFrame[] = [];
    while (this.size >= this.needed) {
      const bytes = this.chunks.length === 1 ? this.chunks[0]! : Buffer.concat(this.chunks);
      this.chunks.splice(0, Infinity, bytes);
      const frame = this.cut(bytes);
      if (frame !== undefined) frames.push(frame);
    }
    return frames;
  }

  /** Cuts one frame off, or finds out how many bytes it takes. */
  private cut(bytes: Buffer): ServerFrame | undefined {
    const [start, headerBytes] = startOf(bytes);
    if (bytes.length < headerBytes) return this.waitFor(headerBytes);
    const end = headerBytes + payloadLengthOf(bytes, start);
    if (bytes.length < end) return this.waitFor(end);
    this.chunks.splice(0, Infinity, bytes.subarray(end));
    this.size -= end;
    this.needed = 2;
    return this.complete(bytes[0]!, bytes.subarray(headerBytes, end));
  }

  private waitFor(bytes: number): undefined {
    this.needed = bytes;
  }

  private complete(first: number, payload: Buffer): ServerFrame | undefined {
    const opcode = first & 0x0f;
    if (opcode >= OPCODE.close) return { opcode, payload };
    const message = this.message ?? { opcode, parts: [] };
    message.parts.push(payload);
    this.message = (first & FIN) === 0 ? message : undefined;
    if (this.message !== undefined) return undefined;
    return {
      opcode: message.opcode,
      payload: message.parts.length === 1 ? payload : Buffer.concat(message.parts),
    };
  }
}

/** The short length of a frame, and how many bytes come before its payload. */
function startOf(bytes: Buffer): [shortLength: number, headerBytes: number] {
  const short = bytes[1]! & 0x7f;
  if (short === LENGTH_64) return [short, 10];
  return [short, short === LENGTH_16 ? 4 : 2];
}

function payloadLengthOf(bytes: Buffer, short: number): number {
  if (short === LENGTH_64) return Number(bytes.readBigUInt64BE(2));
  return short === LENGTH_16 ? bytes.readUInt16BE(2) : short;
}
