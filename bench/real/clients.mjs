// Many clients of any of the variants in one process: TCP sockets that answer what they are asked, with as little work as
// possible, so that the machine is the server's.
//
//   node bench/real/clients.mjs <port> <count> <path> <address>
import { connect } from 'node:net';

import { frame, OPCODE, readFrames, upgradeRequest } from '../support/frames.mjs';

const [port, count, path, localAddress] = process.argv.slice(2);
/** At once, so that nobody has to wait for a place in the queue of the kernel. */
const AT_ONCE = 200;

let answered = 0;
let open = 0;
let closed = 0;

const HELLO = frame(OPCODE.text, Buffer.from('{"type":"hello"}'));
const ENGINE_PONG = frame(OPCODE.text, Buffer.from('3'));
const CONNECT_NAMESPACE = frame(OPCODE.text, Buffer.from('40'));
const [ENGINE_OPEN, ENGINE_PING, BRACE] = ['0', '2', '{'].map((each) => each.charCodeAt(0));
const TS = /"ts":(\d+)/;

function text(socket, payload) {
  const [first] = payload;
  if (first === BRACE) {
    const [, ts] = TS.exec(payload.latin1Slice()) ?? [];
    if (ts === undefined) return;
    socket.write(frame(OPCODE.text, Buffer.from(`{"type":"client_pong","ts":${ts}}`)));
    answered++;
  } else if (first === ENGINE_PING && payload.length === 1) {
    socket.write(ENGINE_PONG);
    answered++;
  } else if (first === ENGINE_OPEN && path.startsWith('/socket.io')) socket.write(CONNECT_NAMESPACE);
}

function answer(socket, opcode, payload) {
  if (opcode === OPCODE.text) text(socket, payload);
  else if (opcode === OPCODE.ping) {
    socket.write(frame(OPCODE.pong, payload));
    answered++;
  }
}

function start() {
  return new Promise((resolve, reject) => {
    const socket = connect({ port: Number(port), host: '127.0.0.1', localAddress });
    const found = (opcode, payload) => answer(socket, opcode, payload);
    let rest;
    let isOpen = false;
    socket.setNoDelay(true);
    socket.on('error', reject);
    socket.on('close', () => closed++);
    socket.on('data', (data) => {
      let bytes = rest === undefined ? data : Buffer.concat([rest, data]);
      if (!isOpen) {
        const end = bytes.indexOf('\r\n\r\n');
        if (end < 0) {
          rest = bytes;
          return;
        }
        if (!bytes.latin1Slice(0, 12).endsWith('101')) {
          reject(new Error(bytes.latin1Slice(0, end)));
          return;
        }
        isOpen = true;
        open++;
        // Whoever has received once keeps what it takes to receive: so has every client in use, and so idle ones here.
        if (path === '/') socket.write(HELLO);
        bytes = bytes.subarray(end + 4);
        resolve();
      }
      rest = bytes.length === 0 ? undefined : readFrames(bytes, found);
    });
    socket.write(upgradeRequest(path));
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
