import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { bundle } from './client.bundle.js';

const pages = join(import.meta.dirname, 'pages');

/** Serves pages. It is no part of the servers under test, so that a page can be loaded while they are gone. */
export class PageHost {
  private readonly bodies = new Map<string, string>();

  private constructor(private readonly server: Server) {
    server.on('request', ({ url = '/' }, response) => {
      const path = url.split('?')[0]!;
      const body = this.bodies.get(path);
      response.writeHead(body === undefined ? 404 : 200, {
        'content-type': path.endsWith('.js') ? 'text/javascript' : 'text/html; charset=utf-8',
      });
      response.end(body);
    });
  }

  static async start(): Promise<PageHost> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const host = new PageHost(server);
    host.serve('/witness.js', readFileSync(join(pages, 'witness.js'), 'utf8'));
    host.serve('/healthy-websocket.min.js', bundle('lib/client/script.ts'));
    host.serve('/', readFileSync(join(pages, 'plain.html'), 'utf8'));
    host.serve('/elsewhere', '<!doctype html><title>Elsewhere</title><p>Another page.</p>');
    // Browsers ask for it, and a 404 is an error line in the console.
    host.serve('/favicon.ico', '');
    return host;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  serve(path: string, body: string): void {
    this.bodies.set(path, body);
  }

  async end(): Promise<void> {
    this.server.close();
    this.server.closeAllConnections();
    await once(this.server, 'close');
  }
}
