import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';

import { describe, expect, it } from '@jest/globals';
import { WebSocketGateway } from '@nestjs/websockets';
import { WebSocketServer, type WebSocket } from 'ws';

import { identityOf } from '../../lib/connection/identity.js';
import { useApps } from '../support/apps.js';
import { usedMemory } from './garbage.js';

const MB = 1_000_000;

@WebSocketGateway()
class TextGateway {
  readonly clients: WebSocket[] = [];
  handleConnection(client: WebSocket): void {
    this.clients.push(client);
  }
}

/** A new text each time, as one that was read from a socket. */
function textOf(length: number, character: string): string {
  return Buffer.alloc(length, character).toString('latin1');
}

/** A client that keeps nothing of what it has sent. */
async function upgrade(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  const lines = [
    `GET /${textOf(MB, 'p')} HTTP/1.1`,
    'Host: localhost',
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==',
    `User-Agent: ${textOf(MB, 'u')}`,
  ];
  socket.write(`${lines.join('\r\n')}\r\n\r\n`);
  const [answer] = (await once(socket, 'data')) as [Buffer];
  expect(String(answer)).toContain('101 Switching Protocols');
  return socket;
}

describe('what a client chose at great length', () => {
  const startApp = useApps();

  it('is kept at 256 characters, and is not held in memory behind them', () => {
    const kept: unknown[] = [];
    const before = usedMemory();
    for (let index = 0; index < 100; index++) kept.push(identityOf(`${index}${textOf(MB, 'i')}`));
    const grown = usedMemory().heap - before.heap;
    expect(kept).toHaveLength(100);
    expect(grown).toBeLessThan(10 * MB);
  });

  it('is not held where it is a user agent, a path, or an identity told later', async () => {
    const { service } = await startApp([TextGateway], {
      heartbeat: { intervalMs: 60_000 },
      drain: false,
      logging: { level: 'off' },
    });
    // Node itself refuses more than 16 KiB of headers, unless it is told otherwise.
    const http = createServer({ maxHeaderSize: 4 * MB }).listen(0, '127.0.0.1');
    await once(http, 'listening');
    const server = new WebSocketServer({ server: http });
    const accepted: WebSocket[] = [];
    server.on('connection', (socket) => accepted.push(socket));
    const unwatch = service.watch(server, { name: 'wide' });
    const { port } = http.address() as AddressInfo;
    const sockets = [await upgrade(port)];
    const before = usedMemory();
    for (let index = 1; index <= 20; index++) sockets.push(await upgrade(port));
    for (const [index, socket] of accepted.entries()) service.identify(socket, `${index}${textOf(MB, 'i')}`);
    const all = service.connections();
    expect(all).toHaveLength(21);
    for (const { userAgent, path, identity } of all) {
      for (const text of [userAgent, path, identity]) expect(text!.length).toBeLessThan(300);
    }
    expect(usedMemory().heap - before.heap).toBeLessThan(10 * MB);
    unwatch();
    for (const socket of sockets) socket.destroy();
    server.close();
    http.close();
  }, 60_000);
});
