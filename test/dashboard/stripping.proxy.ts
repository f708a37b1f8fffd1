import { createServer, request, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';

/** A reverse proxy that serves an app below `/ops/`, of which the app knows nothing. */
export async function strippingProxy(upstream: string): Promise<{ server: Server; url: string }> {
  const server = createServer((incoming, outgoing) => {
    if (!incoming.url!.startsWith('/ops/')) {
      outgoing.writeHead(404).end('not below /ops/');
      return;
    }
    const asked = request(upstream + incoming.url!.slice('/ops'.length), {
      method: incoming.method,
      headers: incoming.headers,
    });
    asked.on('response', (answer) => {
      outgoing.writeHead(answer.statusCode!, answer.headers);
      answer.pipe(outgoing);
    });
    asked.on('error', () => outgoing.writeHead(502).end());
    incoming.pipe(asked);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/ops` };
}
