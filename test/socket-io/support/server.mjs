// A Nest app with Socket.IO in a process of its own, so that it can be stalled and stopped without stalling its clients.
// Arguments: the module's options, and those of the gateway, as JSON. Talks by IPC.
import 'reflect-metadata';

import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { WebSocketGateway, WebSocketServer } from '@nestjs/websockets';
import { ConnectionHealthModule, ConnectionHealthService } from 'nestjs-connection-health';

const [options, gatewayOptions] = process.argv.slice(2).map((argument) => JSON.parse(argument));

class CrowdGateway {}
WebSocketServer()(CrowdGateway.prototype, 'io');
WebSocketGateway(gatewayOptions)(CrowdGateway);

class AppModule {}
Module({ imports: [ConnectionHealthModule.forRoot(options)], providers: [CrowdGateway] })(AppModule);

const app = await NestFactory.create(AppModule, { logger: false });
app.useWebSocketAdapter(new IoAdapter(app));
const service = app.get(ConnectionHealthService);
const closed = [];
const ghosts = new Set();
service.events$.subscribe(({ type, reason, ghost }) => {
  if (type === 'closed') closed.push(reason);
  if (ghost !== undefined && type === 'closed') ghosts.add(ghost);
});
await app.listen(0, '127.0.0.1');

const { engine } = app.get(CrowdGateway).io;
let afterPing;
engine.on('flush', (_socket, packets) => {
  if (afterPing === undefined || !packets.some(({ type }) => type === 'ping')) return;
  const run = afterPing;
  afterPing = undefined;
  // In the check phase of the same turn: all whose ping was due have theirs, and nobody's answer was read.
  setImmediate(run);
});

/** As if all clients had come in one moment, after a deployment for example: Engine.IO asks them in one moment then. */
function align() {
  for (const socket of Object.values(engine.clients)) socket.pingIntervalTimer.refresh();
}

function stall(ms) {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
  process.send({ stalled: true });
}

function stop() {
  process.send({ stopping: true });
  process.kill(process.pid, 'SIGSTOP');
}

process.on('message', (order) => {
  if (order !== 'report') align();
  if (order.stall !== undefined) afterPing = () => stall(order.stall);
  else if (order === 'stop') afterPing = stop;
  else
    process.send({ report: { active: service.snapshot().total_connections, closed, ghosts: [...ghosts] } });
});
process.on('disconnect', () => process.exit(0));
process.send({ url: `http://127.0.0.1:${app.getHttpServer().address().port}` });
