import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** What a client sends to open a connection. */
const UPGRADE = [
  'GET / HTTP/1.1',
  'Host: localhost',
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==',
  '\r\n',
].join('\r\n');

/**
 * A client that sends bytes as they are and reads whatever comes.
 *
 * @param head bytes that follow the upgrade request at once, in the same packet
 * @returns after the server has answered
 */
export async function openRaw(port: number, head: Uint8Array = new Uint8Array()): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  socket.on('error', () => undefined);
  socket.write(Buffer.concat([Buffer.from(UPGRADE), head]));
  const [answer] = (await once(socket, 'data')) as [Buffer];
  if (!answer.toString('latin1').startsWith('HTTP/1.1 101')) throw new Error(String(answer));
  socket.resume();
  return socket;
}

/** A frame as a client sends it, masked with zeros, so that its payload can be read in a dump. */
export function maskedFrame(payload: Uint8Array, { opcode = 1, fin = true } = {}): Buffer {
  const first = (fin ? 0x80 : 0) | opcode;
  const mask = [0, 0, 0, 0];
  const length = payload.byteLength;
  if (length < 126) return Buffer.concat([Buffer.from([first, 0x80 | length, ...mask]), payload]);
  if (length < 65_536)
    return Buffer.concat([Buffer.from([first, 0xfe, length >> 8, length & 255, ...mask]), payload]);
  const header = Buffer.alloc(14);
  header[0] = first;
  header[1] = 0xff;
  header.writeBigUInt64BE(BigInt(length), 2);
  return Buffer.concat([header, payload]);
}
