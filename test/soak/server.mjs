// The server of a soak: a Nest app with the module, in a process of its own, that stalls itself when told to and tells
// everything by IPC. Arguments: the module's options as JSON.
import 'reflect-metadata';

import { readdirSync } from 'node:fs';

import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { WsAdapter } from '@nestjs/platform-ws';
import { SubscribeMessage, WebSocketGateway, WebSocketServer } from '@nestjs/websockets';
import { ConnectionHealthModule, ConnectionHealthService } from 'nestjs-connection-health';
import { stallLoop } from 'nestjs-connection-health/testing';

import { UNNOTED_MS } from './bounds.mjs';
import { Corpses } from './corpses.mjs';
import { liveTimers } from './live.timers.mjs';
import { LoopMeter, now, sleep } from './monotonic.mjs';

const FLUSH_MS = 50;
const INFLATED_AT_ONCE = 10;
const compressed = new Set();
const meter = new LoopMeter(UNNOTED_MS, isInflaterBehind);
const corpses = new Corpses();
const tally = {};
let news = [];
let notes = 0;

class SoakGateway {
  handleConnection(client) {
    corpses.born(client);
    if (client.extensions !== '') compressed.add(client);
  }
  handleDisconnect(client) {
    corpses.died(client);
    compressed.delete(client);
  }
  note() {
    notes++;
  }
}
WebSocketServer()(SoakGateway.prototype, 'server');
SubscribeMessage('note')(
  SoakGateway.prototype,
  'note',
  Object.getOwnPropertyDescriptor(SoakGateway.prototype, 'note'),
);
WebSocketGateway({ perMessageDeflate: { threshold: 0 } })(SoakGateway);

class AppModule {}
const options = JSON.parse(process.argv[2]);
Module({ imports: [ConnectionHealthModule.forRoot(options)], providers: [SoakGateway] })(AppModule);

const app = await NestFactory.create(AppModule, { logger: false });
app.useWebSocketAdapter(new WsAdapter(app));
const service = app.get(ConnectionHealthService);
service.events$.subscribe(({ type, connection, reason, code, ghost, error }) => {
  tally[type] = (tally[type] ?? 0) + 1;
  news.push({ type, at: now(), id: connection?.userAgent, reason, code, ghost, error });
});
setInterval(flush, FLUSH_MS);
await app.listen(0, '127.0.0.1');

/** `ws` inflates ten messages at a time; a receiver (a stream) is busy until its own is done. */
function isInflaterBehind() {
  let busy = 0;
  for (const { _receiver: receiver } of compressed) if (receiver.writableLength > 0) busy++;
  return busy > INFLATED_AT_ONCE;
}

/** The gaps go with the events, so that nobody judges an event without the gap before it. */
function flush() {
  const gaps = meter.take();
  if (news.length + gaps.length > 0) process.send({ news, gaps });
  news = [];
}

const answers = {
  async stall({ ms, phase }) {
    await stallLoop({ ms, phase });
    return {};
  },

  /** Busy turns, one after the other. */
  async crawl({ ms, turnMs }) {
    for (const until = now() + ms; now() < until;) await stallLoop({ ms: turnMs, phase: 'check' });
    return {};
  },

  counts() {
    flush();
    const { clients } = app.get(SoakGateway).server;
    return {
      active: service.snapshot().total_connections,
      listed: service.connections().length,
      clients: clients.size,
      opened: tally.opened ?? 0,
      closed: tally.closed ?? 0,
      tally,
      notes,
    };
  },

  async memory() {
    for (let round = 0; round < 4; round++) {
      globalThis.gc();
      await sleep(50);
    }
    const { heapUsed, external, rss } = process.memoryUsage();
    const resources = process.getActiveResourcesInfo().filter((kind) => !TRANSIENT.has(kind));
    return {
      heapUsed,
      external,
      rss,
      fds: readdirSync('/proc/self/fd').length,
      handles: resources.length,
      timers: liveTimers(),
      ...corpses.count(),
    };
  },

  async end() {
    await app.close();
    flush();
    return {};
  },
};

/** Work under way, as opposed to things that are open. */
const TRANSIENT = new Set([
  'Immediate',
  'Timeout',
  'FSReqCallback',
  'FSReqPromise',
  'TCPConnectWrap',
  'WriteWrap',
]);

process.on('message', async ({ order, ask, ...details }) => {
  process.send({ ask, answer: await answers[order](details) });
  if (order === 'end') process.exit(0);
});
process.on('disconnect', () => process.exit(1));
process.send({ ready: `ws://127.0.0.1:${app.getHttpServer().address().port}` });
