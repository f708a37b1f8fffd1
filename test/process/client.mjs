// A client that answers heartbeats, in a process of its own. Prints "open" and then "answered" for each answer.
import { WebSocket } from 'ws';

const socket = new WebSocket(process.argv[2]);
socket.on('open', () => console.log('open'));
socket.on('message', (data) => {
  const { type, ts } = JSON.parse(String(data));
  if (type !== 'server_ping') return;
  socket.send(JSON.stringify({ type: 'client_pong', ts }));
  console.log('answered');
});
socket.on('close', (code) => console.log(`closed ${code}`));
socket.on('error', () => undefined);
// It leaves with the test that started it.
process.stdin.resume().on('end', () => process.exit());
