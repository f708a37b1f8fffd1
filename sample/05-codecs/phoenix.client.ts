// A client of npm's phoenix as it is, in a process of its own.
import { Socket } from 'phoenix';
import { WebSocket } from 'ws';

const [url, intervalMs] = process.argv.slice(2);
const socket = new Socket(`${url}/phoenix`, {
  transport: WebSocket,
  heartbeatIntervalMs: Number(intervalMs),
});
socket.onOpen(() => console.log('phoenix: connected'));
socket.onClose(() => console.log('phoenix: connection lost'));
socket.connect();
const channel = socket.channel('room:lobby', {});
channel.join().receive('ok', () => {
  channel.push('shout', { text: 'hello' }).receive('ok', () => console.log('phoenix: heard'));
});
// It leaves with the app that started it.
process.on('disconnect', () => process.exit());
