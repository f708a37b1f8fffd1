// The usual ways of keeping WebSocket connections alive, and ours: each takes an HTTP server and asks every client once in an
// interval. Written as their own documentation shows them.
import { createHash } from 'node:crypto';
import { EventEmitter } from 'node:events';

import { WebSocketServer } from 'ws';

EventEmitter.defaultMaxListeners = 0;

function plain(server) {
  const wss = new WebSocketServer({ server });
  wss.on('connection', (socket) => {
    socket.on('error', () => undefined);
    socket.on('message', () => undefined);
  });
  return wss;
}

const KEY_SUFFIX = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

/** Accepts upgrades and nothing more: whoever is called has a bare TCP socket. */
function bare(server, opened) {
  server.on('upgrade', (request, socket) => {
    const key = `${request.headers['sec-websocket-key']}${KEY_SUFFIX}`;
    const accept = createHash('sha1').update(key).digest('base64');
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
    );
    socket.on('error', () => undefined);
    opened(socket);
  });
}

/** Written in so many portions, evenly over the interval. */
const PORTIONS = 100;

export const VARIANTS = {
  /** What no way in Node is below: a write of bytes that are there, and a read of the answer, without a look at it. */
  floor(server, intervalMs) {
    const portions = Array.from({ length: PORTIONS }, () => []);
    let count = 0;
    let next = 0;
    const payload = Buffer.from(
      JSON.stringify({ type: 'server_ping', ts: Date.now(), interval: intervalMs }),
    );
    const beat = Buffer.concat([Buffer.from([0x81, payload.length]), payload]);
    bare(server, (socket) => {
      socket.on('data', () => undefined);
      portions[count++ % PORTIONS].push(socket);
    });
    setInterval(() => {
      for (const socket of portions[next++ % PORTIONS]) socket.write(beat);
    }, intervalMs / PORTIONS);
  },

  /** Nobody is asked: what 10,000 sockets cost by themselves. */
  idle: (server) => void plain(server),

  /** "How to detect and close broken connections", README of ws. */
  readme(server, intervalMs) {
    const wss = plain(server);
    wss.on('connection', (socket) => {
      socket.isAlive = true;
      socket.on('pong', function heartbeat() {
        this.isAlive = true;
      });
    });
    setInterval(() => {
      wss.clients.forEach((socket) => {
        if (socket.isAlive === false) return socket.terminate();
        socket.isAlive = false;
        socket.ping();
      });
    }, intervalMs);
  },

  /** The same on the level of the application: a loop over all, a message each. */
  list(server, intervalMs) {
    const wss = new WebSocketServer({ server });
    wss.on('connection', (socket) => {
      socket.isAlive = true;
      socket.on('error', () => undefined);
      socket.on('message', (data) => {
        const message = JSON.parse(data);
        if (message.type === 'client_pong') socket.isAlive = true;
      });
    });
    setInterval(() => {
      for (const socket of wss.clients) {
        if (!socket.isAlive) {
          socket.terminate();
          continue;
        }
        socket.isAlive = false;
        socket.send(JSON.stringify({ type: 'server_ping', ts: Date.now() }));
      }
    }, intervalMs);
  },

  /** An interval and a timeout for each socket. */
  timers(server, intervalMs) {
    const wss = new WebSocketServer({ server });
    wss.on('connection', (socket) => {
      let timeout;
      const interval = setInterval(() => {
        socket.send(JSON.stringify({ type: 'server_ping', ts: Date.now() }));
        clearTimeout(timeout);
        timeout = setTimeout(() => socket.terminate(), (intervalMs * 2) / 3);
      }, intervalMs);
      socket.on('error', () => undefined);
      socket.on('message', (data) => {
        const message = JSON.parse(data);
        if (message.type === 'client_pong') clearTimeout(timeout);
      });
      socket.on('close', () => {
        clearInterval(interval);
        clearTimeout(timeout);
      });
    });
  },

  async 'engine.io'(server, intervalMs) {
    const { Server } = await import('engine.io');
    const engine = new Server({ pingInterval: intervalMs, pingTimeout: (intervalMs * 2) / 3 });
    engine.attach(server);
    engine.on('connection', (socket) => socket.on('message', () => undefined));
  },

  async 'socket.io'(server, intervalMs) {
    const { Server } = await import('socket.io');
    const io = new Server(server, { pingInterval: intervalMs, pingTimeout: (intervalMs * 2) / 3 });
    io.on('connection', (socket) => socket.on('message', () => undefined));
  },

  ours: (server, intervalMs) => watched(server, { heartbeat: { intervalMs } }),

  /** As comparable with `list` as it gets: no protocol ping rides along. */
  'ours without pings': (server, intervalMs) =>
    watched(server, { heartbeat: { intervalMs }, protocolPing: false }),
};

async function watched(server, options) {
  await import('reflect-metadata');
  const { NestFactory } = await import('@nestjs/core');
  const { Module } = await import('@nestjs/common');
  const { ConnectionHealthModule, ConnectionHealthService } = await import('../../dist/esm/index.js');
  class App {
    name = 'bench';
  }
  Module({ imports: [ConnectionHealthModule.forRoot({ ...options, metrics: false })] })(App);
  const app = await NestFactory.createApplicationContext(App, { logger: ['error'] });
  app.get(ConnectionHealthService).watch(plain(server), { name: 'bench' });
}
