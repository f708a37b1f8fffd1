// Clients in a process of their own. Arguments: url, and { count, silent, delayMs, perMessageDeflate } as JSON.
// The first `silent` of them answer neither pings nor heartbeats; the others answer after `delayMs`.
import { WebSocket } from 'ws';

const [url, json] = process.argv.slice(2);
const { count, silent = 0, delayMs = 60, perMessageDeflate = false } = JSON.parse(json);
const closed = [];
let asked = 0;

function connect(index) {
  const socket = new WebSocket(url, { perMessageDeflate, autoPong: false });
  const later = (answer) =>
    setTimeout(() => socket.readyState === WebSocket.OPEN && index >= silent && answer(), delayMs);
  socket.on('ping', (payload) => later(() => socket.pong(payload)));
  socket.on('message', (data) => {
    const { type, ts } = JSON.parse(data);
    if (type !== 'server_ping') return;
    asked++;
    // Long enough to be compressed where compression is on.
    later(() => socket.send(JSON.stringify({ type: 'client_pong', ts, padding: 'x'.repeat(200) })));
  });
  socket.on('close', (code) => closed.push({ index, code, wasSilent: index < silent }));
  socket.on('error', () => undefined);
  return new Promise((resolve) => socket.on('open', resolve));
}

await Promise.all(Array.from({ length: count }, (_, index) => connect(index)));
process.on('message', () => process.send({ report: { asked, closed } }));
process.on('disconnect', () => process.exit(0));
process.send({ ready: true });
