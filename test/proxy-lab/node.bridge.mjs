// A protocol-terminating proxy: `node.bridge.mjs '{"listen":…,"port":…,"backend":"host:port","behaviour":…}'`
import { WebSocket, WebSocketServer } from 'ws';

const { listen, port, backend, behaviour } = JSON.parse(process.argv[2]);
const MAX_PAYLOAD = 16 * 1_048_576;
// Of one hop only, or made anew for the next one.
const OWN_HEADERS = /^(host|connection|upgrade|keep-alive|content-length|sec-websocket-.*|x-forwarded-for)$/;

/** Header lines for the backend. The key is never among them: each hop has its own. */
function headersFor({ headers, socket }) {
  const passed = Object.entries(headers).filter(([name]) => !OWN_HEADERS.test(name));
  const from = [headers['x-forwarded-for'], socket.remoteAddress].filter(Boolean);
  return Object.fromEntries([...passed, ['x-forwarded-for', from.join(', ')]]);
}

/** Calls back at once, or as soon as it is open. */
function whenOpen(socket, send) {
  if (socket.readyState === WebSocket.OPEN) send();
  else if (socket.readyState === WebSocket.CONNECTING) socket.once('open', send);
}

function passMessages(from, to) {
  from.on('message', (data, isBinary) => whenOpen(to, () => to.send(data, { binary: isBinary })));
  from.on('error', () => undefined); // 'close' follows
}

function passControlFrames(from, to) {
  from.on('ping', (data) => whenOpen(to, () => to.ping(data)));
  from.on('pong', (data) => whenOpen(to, () => to.pong(data)));
}

/** Closes as the other side did: with its code, without one, or not in words at all. */
function passClose(from, to) {
  from.on('close', (code, reason) => {
    if (code === 1006) to.terminate();
    else if (code === 1005) to.close();
    else to.close(code, reason);
  });
}

const server = new WebSocketServer({
  host: listen,
  port,
  autoPong: behaviour !== 'forward',
  maxPayload: MAX_PAYLOAD,
  perMessageDeflate: false,
});
server.on('connection', (client, request) => {
  const protocols = client.protocol === '' ? [] : [client.protocol];
  const app = new WebSocket(`ws://${backend}${request.url}`, protocols, {
    autoPong: behaviour !== 'forward',
    headers: headersFor(request),
    maxPayload: MAX_PAYLOAD,
  });
  passMessages(client, app);
  passMessages(app, client);
  if (behaviour === 'forward') {
    passControlFrames(client, app);
    passControlFrames(app, client);
  }
  passClose(app, client);
  if (behaviour !== 'ghost') passClose(client, app);
});
