// Clients that ask us, all at once and at an even pace, whether we are there.
// Arguments: url, milliseconds between two questions, how many clients.
import { WebSocket } from 'ws';

const [url, everyMs, count] = process.argv.slice(2);
const closed = [];
let isToBlock = false;

function connect() {
  const socket = new WebSocket(url);
  socket.on('message', (data) => {
    const { type, ts } = JSON.parse(data);
    if (type === 'server_ping') socket.send(JSON.stringify({ type: 'client_pong', ts }));
  });
  socket.on('close', (code) => closed.push(code));
  socket.on('error', () => undefined);
  return new Promise((resolve) => socket.on('open', () => resolve(socket)));
}

const sockets = await Promise.all(Array.from({ length: Number(count) }, connect));
setInterval(() => {
  // What blocks the server is there first, and the others' questions are waiting when it is over.
  if (isToBlock) sockets[0].send('block');
  isToBlock = false;
  for (const socket of sockets) {
    if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify({ type: 'client_ping', ts: 1 }));
  }
}, Number(everyMs));
process.on('message', (order) => {
  if (order === 'block') isToBlock = true;
  else process.send({ report: { closed } });
});
process.on('disconnect', () => process.exit(0));
process.send({ ready: true });
