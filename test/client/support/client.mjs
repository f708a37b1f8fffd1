// A client in a process of its own, so that it can be stopped and blocked. Arguments: the bundle of the client, and a
// ClientScript as JSON. Talks by IPC.
import { pathToFileURL } from 'node:url';

import { WebSocket as WsWebSocket } from 'ws';

const [bundle, script] = process.argv.slice(2);
const { HealthyWebSocket } = await import(pathToFileURL(bundle).href);
const { url, options, isNative, blockAfterAskingMs, blockAtStartMs = 0, isAlone } = JSON.parse(script);

function block(ms) {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

let hasBlocked = blockAfterAskingMs === undefined;
class BlockingWebSocket extends WsWebSocket {
  send(data) {
    super.send(data);
    if (hasBlocked || !String(data).startsWith('{"type":"client_ping"')) return;
    hasBlocked = true;
    // `ws` has written the question within the call; the client goes on first and sets its timer, and then nobody listens.
    queueMicrotask(() => {
      block(blockAfterAskingMs);
      process.send({ blocked: true });
    });
  }
}

const story = [];
const closes = [];
const socket = new HealthyWebSocket(url, undefined, {
  WebSocket: isNative ? globalThis.WebSocket : BlockingWebSocket,
  ...options,
});
for (const type of ['open', 'message', 'error', 'close', 'end', 'drop'])
  socket.addEventListener(type, (event) => {
    story.push(type);
    if (process.connected) process.send({ [type]: event.data ?? event.reason ?? '' });
    if (type === 'close') {
      const { code, reason, retryInMs } = event;
      closes.push({ code, reason, retryInMs });
    }
  });

// The handshake is sent, and the answer comes while nobody listens.
setTimeout(() => setImmediate(() => block(blockAtStartMs)), 0);

process.on('message', (order) => {
  if (order === 'report') {
    const resources = process.getActiveResourcesInfo();
    process.send({ report: { story, closes, readyState: socket.readyState, resources } });
  } else if (order.send !== undefined) socket.send(order.send);
  else if (order === 'close') {
    socket.close();
    // From here on nothing but what was left behind keeps the process.
    process.disconnect();
  }
});
if (isAlone) process.send({ alone: true }, () => process.disconnect());
else process.on('disconnect', () => socket.readyState < 2 && process.exit(0));
