/** Kinds of frames (RFC 6455, section 5.2). */
export const OPCODE = { text: 0x1, binary: 0x2, ping: 0x9 } as const;

const FIN = 0x80;
/** Lengths from here on take two bytes more, or eight. */
const LENGTH_16 = 126;
const LENGTH_64 = 127;

/** One whole frame of a server, which masks nothing (RFC 6455, section 5.2). */
export function serverFrame(opcode: number, payload: Uint8Array): Uint8Array {
  const { byteLength } = payload;
  const headBytes = byteLength < LENGTH_16 ? 2 : byteLength < 0x1_00_00 ? 4 : 10;
  const frame = new Uint8Array(headBytes + byteLength);
  const view = new DataView(frame.buffer);
  frame[0] = FIN | opcode;
  frame[1] = headBytes === 2 ? byteLength : headBytes === 4 ? LENGTH_16 : LENGTH_64;
  if (headBytes === 4) view.setUint16(2, byteLength);
  if (headBytes === 10) view.setBigUint64(2, BigInt(byteLength));
  frame.set(payload, headBytes);
  return frame;
}
