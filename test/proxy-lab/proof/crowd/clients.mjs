// Clients of one fate in a process of their own, so that a signal hits exactly them. Orders and answers by IPC:
// { connect: [{ who, url }] } → { connected }, 'leave' → { left }, 'report' → { report: [{ who, url, isOpen, code, at }] }.
import { once } from 'node:events';

import { WebSocket } from 'ws';

// Some proxies hand a burst of handshakes to one worker: it need not get them all at once.
const AT_ONCE = 40;
const clients = [];

function connect({ who, url }) {
  const socket = new WebSocket(url);
  const client = { who, url, socket, code: undefined, at: undefined };
  clients.push(client);
  socket.on('message', (data) => {
    const { type, ts } = JSON.parse(String(data));
    if (type === 'server_ping') socket.send(JSON.stringify({ type: 'client_pong', ts }));
  });
  socket.on('close', (code) => Object.assign(client, { code, at: Date.now() }));
  return once(socket, 'open').then(() => socket.on('error', () => undefined));
}

async function connectAll(places) {
  for (let at = 0; at < places.length; at += AT_ONCE)
    await Promise.all(places.slice(at, at + AT_ONCE).map(connect));
}

function report() {
  return clients.map(({ who, url, socket, code, at }) => ({
    who,
    url,
    isOpen: socket.readyState === WebSocket.OPEN,
    code,
    at,
  }));
}

process.on('message', async (order) => {
  if (order === 'leave') {
    for (const { socket } of clients) socket.close(1000);
    process.send({ left: true });
  } else if (order === 'report') process.send({ report: report() });
  else {
    const failure = await connectAll(order.connect).then(
      () => undefined,
      (error) => String(error),
    );
    process.send({ connected: failure ?? true });
  }
});
// It leaves with the test that started it.
process.on('disconnect', () => process.exit(0));
