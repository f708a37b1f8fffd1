// Healthy clients in a process of their own. Tells its parent when all of them are connected.
import { io } from 'socket.io-client';
import { WebSocket } from 'ws';

const { library, transports, url, count } = JSON.parse(process.argv[2]);

const connectWs = () =>
  new Promise((resolve, reject) => {
    const socket = new WebSocket(url);
    socket.on('message', (data) => {
      const { type, ts } = JSON.parse(String(data));
      if (type === 'server_ping') socket.send(JSON.stringify({ type: 'client_pong', ts }));
    });
    socket.once('open', resolve).on('error', reject);
  });

const connectSocketIo = () =>
  new Promise((resolve, reject) => {
    const socket = io(url.replace('ws:', 'http:'), { transports, forceNew: true, reconnection: false });
    socket.once('connect', resolve).once('connect_error', reject);
  });

// It leaves with the test that started it.
process.on('disconnect', () => process.exit());
const connect = library === 'ws' ? connectWs : connectSocketIo;
await Promise.all(Array.from({ length: count }, connect));
// A client that polls has its next poll under way by then: one that stops between a connection and its request would keep
// Node's HTTP server from closing, whoever uses it.
await new Promise((resolve) => setTimeout(resolve, 100));
process.send({ open: count });
