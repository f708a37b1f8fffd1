// A client on Node's own WebSocket. Arguments: the bundle of the client, the url, and options as JSON. Prints a line of
// JSON for each event; closes and lets itself end when its standard input does.
import { pathToFileURL } from 'node:url';

const [bundle, url, options] = process.argv.slice(2);
const { HealthyWebSocket } = await import(pathToFileURL(bundle).href);

const socket = new HealthyWebSocket(url, undefined, JSON.parse(options));
for (const type of ['open', 'message', 'error', 'close', 'end'])
  socket.addEventListener(type, async (event) => {
    const data =
      event.data instanceof Blob ? [...new Uint8Array(await event.data.arrayBuffer())] : event.data;
    const { code, reason, wasClean, willReconnect } = event;
    console.log(JSON.stringify({ type, code, reason, wasClean, willReconnect, data }));
  });
socket.addEventListener('open', () => {
  socket.send('text');
  socket.send(new Uint8Array([1, 2, 3]));
});
process.stdin.resume().on('end', () => socket.close(4321, 'done'));
