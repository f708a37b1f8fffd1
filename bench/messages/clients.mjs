// Clients that send a message and, when it is back, the next: so many under way on each connection.
//
//   node bench/messages/clients.mjs <port> <connections> <underWay> <text|binary> <bytes>
import { connect } from 'node:net';

import { frame, OPCODE, readFrames, upgradeRequest } from '../support/frames.mjs';

const [port, connections, underWay, kind, bytes] = process.argv.slice(2);
const text = JSON.stringify({ event: 'echo', data: 'x'.repeat(Number(bytes) - 26) });
const MESSAGE =
  kind === 'text'
    ? frame(OPCODE.text, Buffer.from(text))
    : frame(OPCODE.binary, Buffer.alloc(Number(bytes), 7));
const WANTED = kind === 'text' ? OPCODE.text : OPCODE.binary;
const PING = /^\{"type":"server_ping","ts":(\d+)/;

let isOn = false;
let underWayNow = 0;
let count = 0;
let startedAt = 0;
let latencies = [];

function send(client) {
  client.sentAt.push(performance.now());
  underWayNow++;
  client.socket.write(MESSAGE);
}

function received(client, opcode, payload) {
  if (opcode === OPCODE.ping) client.socket.write(frame(OPCODE.pong, payload));
  if (opcode !== WANTED) return;
  const [, ts] = (kind === 'text' && payload.length < 200 && PING.exec(payload.latin1Slice())) || [];
  if (ts !== undefined) {
    client.socket.write(frame(OPCODE.text, Buffer.from(`{"type":"client_pong","ts":${ts}}`)));
    return;
  }
  count++;
  if (count % 16 === 0) latencies.push(performance.now() - client.sentAt[0]);
  client.sentAt.shift();
  underWayNow--;
  if (isOn) send(client);
  else if (underWayNow === 0) report();
}

/** All that was sent is back: it took so long, and belongs to nobody else. */
function report() {
  process.send({ count, elapsedMs: performance.now() - startedAt, latencies });
}

function start() {
  return new Promise((resolve, reject) => {
    const socket = connect({ port: Number(port), host: '127.0.0.1' });
    const client = { socket, sentAt: [] };
    const found = (opcode, payload) => received(client, opcode, payload);
    let rest;
    let isOpen = false;
    socket.setNoDelay(true);
    socket.on('error', reject);
    socket.on('data', (data) => {
      let each = rest === undefined ? data : Buffer.concat([rest, data]);
      if (!isOpen) {
        const end = each.indexOf('\r\n\r\n');
        if (end < 0) {
          rest = each;
          return;
        }
        isOpen = true;
        each = each.subarray(end + 4);
        resolve(client);
      }
      rest = each.length === 0 ? undefined : readFrames(each, found);
    });
    socket.write(upgradeRequest('/'));
  });
}

const clients = [];
for (let at = 0; at < Number(connections); at += 100)
  clients.push(...(await Promise.all(Array.from({ length: Math.min(100, connections - at) }, start))));
process.send({ open: clients.length });

const ORDERS = {
  go() {
    isOn = true;
    [count, startedAt, latencies] = [0, performance.now(), []];
    for (const client of clients) for (let at = 0; at < Number(underWay); at++) send(client);
  },
  stop() {
    isOn = false;
  },
};
process.on('message', ({ ask }) => ORDERS[ask]());
process.on('disconnect', () => process.exit());
