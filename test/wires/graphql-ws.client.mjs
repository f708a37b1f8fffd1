// graphql-ws, unmodified, in a process of its own, with the recipe of its documentation for finding a dead server.
import { createClient } from 'graphql-ws';
import { WebSocket } from 'ws';

const [, , url, keepAlive, serverTimeoutMs] = process.argv;
let socket;
let deadline;
const client = createClient({
  url: `${url}/graphql`,
  webSocketImpl: WebSocket,
  keepAlive: Number(keepAlive),
  lazy: false,
  retryAttempts: Infinity,
  retryWait: () => new Promise((resolve) => setTimeout(resolve, 100)),
  shouldRetry: () => true,
  on: {
    connected: (opened) => {
      socket = opened;
      console.log('open');
    },
    closed: () => console.log('closed'),
    ping: (isReceived) => {
      if (isReceived) return console.log('pinged');
      deadline = setTimeout(() => {
        console.log('dead server');
        socket.terminate();
      }, Number(serverTimeoutMs));
    },
    pong: (isReceived) => {
      if (!isReceived) return;
      clearTimeout(deadline);
      console.log('heartbeat ok');
    },
  },
});
process.stdin.resume().on('end', () => process.exit());
process.stdin.on('data', async () => {
  for await (const { data } of client.iterate({ query: 'subscription { count }' }))
    if (data.count === 3) console.log('heard');
});
