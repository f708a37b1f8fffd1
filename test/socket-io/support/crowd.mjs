// Standard Socket.IO clients in one process. Arguments: url, and how many. Tells why each was disconnected.
import { io } from 'socket.io-client';

const [url, count] = process.argv.slice(2);
const disconnects = [];
const sockets = Array.from({ length: Number(count) }, () =>
  io(url, { forceNew: true, transports: ['websocket'], reconnection: false }),
);
for (const socket of sockets) socket.on('disconnect', (reason) => disconnects.push(reason));
await Promise.all(sockets.map((socket) => new Promise((resolve) => socket.on('connect', resolve))));
process.on('message', () => process.send({ report: disconnects }));
process.on('disconnect', () => process.exit(0));
process.send({ ready: true });
