// Many clients of any of the variants in one process: TCP sockets that answer what they are asked, with as little work as
// possible, so that the machine is the server's.
//
//   node bench/real/clients.mjs <port> <count> <path> <address>
import { connect } from 'node:net';

const [port, count, path, localAddress] = process.argv.slice(2);
const UPGRADE = [
  `GET ${path} HTTP/1.1`,
  'Host: bench',
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  '',
  '',
].join('\r\n');
const TEXT = 1;
const PING = 9;
const PONG = 10;
const CLOSE = 8;
/** At once, so that nobody has to wait for a place in the queue of the kernel. */
const AT_ONCE = 200;

let answered = 0;
let open = 0;
let closed = 0;

/** A masked frame whose mask is zero: it is allowed, and costs nothing. */
function frame(opcode, payload) {
  const head = Buffer.alloc(6);
  head[0] = 0x80 | opcode;
  head[1] = 0x80 | payload.length;
  return Buffer.concat([head, payload]);
}

const ENGINE_PONG = frame(TEXT, Buffer.from('3'));
const CONNECT_NAMESPACE = frame(TEXT, Buffer.from('40'));
const [ENGINE_OPEN, ENGINE_PING, BRACE] = ['0', '2', '{'].map((each) => each.charCodeAt(0));
const TS = /"ts":(\d+)/;

function text(socket, payload) {
  const [first] = payload;
  if (first === BRACE) {
    const [, ts] = TS.exec(payload.latin1Slice()) ?? [];
    if (ts === undefined) return;
    socket.write(frame(TEXT, Buffer.from(`{"type":"client_pong","ts":${ts}}`)));
    answered++;
  } else if (first === ENGINE_PING && payload.length === 1) {
    socket.write(ENGINE_PONG);
    answered++;
  } else if (first === ENGINE_OPEN && path.startsWith('/socket.io')) socket.write(CONNECT_NAMESPACE);
}

/** @returns the bytes that are no whole frame yet */
function read(socket, data) {
  let at = 0;
  while (data.length - at >= 2) {
    let length = data[at + 1] & 0x7f;
    let head = 2;
    if (length === 126) {
      if (data.length - at < 4) break;
      length = data.readUInt16BE(at + 2);
      head = 4;
    }
    if (data.length - at < head + length) break;
    const payload = data.subarray(at + head, at + head + length);
    const opcode = data[at] & 0x0f;
    if (opcode === TEXT) text(socket, payload);
    else if (opcode === PING) {
      socket.write(frame(PONG, payload));
      answered++;
    } else if (opcode === CLOSE) closed++;
    at += head + length;
  }
  return at === data.length ? undefined : data.subarray(at);
}

function start() {
  return new Promise((resolve, reject) => {
    const socket = connect({ port: Number(port), host: '127.0.0.1', localAddress });
    let rest;
    let isOpen = false;
    socket.setNoDelay(true);
    socket.on('error', reject);
    socket.on('close', () => closed++);
    socket.on('data', (data) => {
      let bytes = rest === undefined ? data : Buffer.concat([rest, data]);
      if (!isOpen) {
        const end = bytes.indexOf('\r\n\r\n');
        if (end < 0) return void (rest = bytes);
        if (!bytes.latin1Slice(0, 12).endsWith('101')) return reject(new Error(bytes.latin1Slice(0, end)));
        isOpen = true;
        open++;
        bytes = bytes.subarray(end + 4);
        resolve();
      }
      rest = bytes.length === 0 ? undefined : read(socket, bytes);
    });
    socket.write(UPGRADE);
  });
}

for (let at = 0; at < Number(count); at += AT_ONCE)
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, Number(count) - at) }, start));
process.send({ open });

process.on('message', () => {
  process.send({ answered, closed });
  answered = 0;
});
process.on('disconnect', () => process.exit());
