// A client that asks us, at an even pace, whether we are there. Arguments: url, milliseconds between two questions.
import { WebSocket } from 'ws';

const [url, everyMs] = process.argv.slice(2);
const socket = new WebSocket(url);
let closed;
socket.on('message', (data) => {
  const { type, ts } = JSON.parse(data);
  if (type === 'server_ping') socket.send(JSON.stringify({ type: 'client_pong', ts }));
});
socket.on('close', (code) => (closed = code));
socket.on('error', () => undefined);
await new Promise((resolve) => socket.on('open', resolve));
setInterval(() => {
  if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify({ type: 'client_ping', ts: 1 }));
}, Number(everyMs));
process.on('message', () => process.send({ report: { closed } }));
process.on('disconnect', () => process.exit(0));
process.send({ ready: true });
