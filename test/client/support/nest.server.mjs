// A Nest app with the module in a process of its own, so that it can be stopped and killed.
// Arguments: the port, or 0, and the module's options as JSON. Talks by IPC.
import 'reflect-metadata';

import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { WsAdapter } from '@nestjs/platform-ws';
import { WebSocketGateway } from '@nestjs/websockets';
import { ConnectionHealthModule, ConnectionHealthService } from 'nestjs-connection-health';

const [port, options] = process.argv.slice(2).map((argument) => JSON.parse(argument));

class QuietGateway {}
WebSocketGateway()(QuietGateway);

class AppModule {}
Module({ imports: [ConnectionHealthModule.forRoot(options)], providers: [QuietGateway] })(AppModule);

const app = await NestFactory.create(AppModule, { logger: false });
app.useWebSocketAdapter(new WsAdapter(app));
const service = app.get(ConnectionHealthService);
const events = [];
service.events$.subscribe(({ type, reason, code, offlineMs, attempts }) =>
  events.push({ type, reason, code, offlineMs, attempts }),
);
await app.listen(port, '127.0.0.1');

process.on('message', (order) => {
  if (order !== 'report') return;
  const open = service.connections().filter(({ state }) => state === 'open').length;
  process.send({ report: { open, events } });
});
process.on('disconnect', () => process.exit(0));
process.send({ port: app.getHttpServer().address().port });
