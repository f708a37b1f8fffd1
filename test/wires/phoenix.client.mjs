// npm's phoenix, unmodified, in a process of its own. Prints a line for each thing that happens to it.
import { Socket } from 'phoenix';
import { WebSocket } from 'ws';

const [, , url, heartbeatIntervalMs] = process.argv;
const socket = new Socket(`${url}/phoenix`, {
  transport: WebSocket,
  heartbeatIntervalMs: Number(heartbeatIntervalMs),
  reconnectAfterMs: () => 100,
  rejoinAfterMs: () => 100,
  logger: (_kind, text) => text.includes('heartbeat timeout') && console.log('dead server'),
});
socket.onOpen(() => console.log('open'));
socket.onClose(() => console.log('closed'));
socket.onMessage((message) => {
  if (message.topic === 'phoenix') console.log(`heartbeat ${message.payload.status}`);
});
socket.connect();
const channel = socket.channel('room:lobby', {});
channel.join().receive('ok', () => console.log('joined'));
process.stdin.resume().on('end', () => process.exit());
process.stdin.on('data', () =>
  channel.push('shout', { body: 'hello' }).receive('ok', () => console.log('heard')),
);
