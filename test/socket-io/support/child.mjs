// A standard Socket.IO client in a process of its own: it can be frozen. Prints what happens to it, a word a line.
import { io } from 'socket.io-client';

const [url, transport] = process.argv.slice(2);
const socket = io(url, { transports: [transport], reconnection: false });
socket.on('connect', () => console.log('connected'));
socket.on('disconnect', (reason) => console.log(`disconnected: ${reason}`));
socket.io.on('ping', () => console.log('pinged'));
// It leaves with the test that started it.
process.stdin.resume().on('end', () => process.exit());
