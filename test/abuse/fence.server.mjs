// A Nest app whose own code fails wherever it can, in a process of its own: what nobody catches would end it.
import 'reflect-metadata';

import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { WsAdapter } from '@nestjs/platform-ws';
import { WebSocketGateway } from '@nestjs/websockets';
import { ConnectionHealthModule, ConnectionHealthService } from 'nestjs-connection-health';

// What the app's own handleConnection throws is the app's; anything else would be ours.
const uncaught = [];
process.on('uncaughtException', (error) => uncaught.push(String(error)));
process.on('unhandledRejection', (error) => uncaught.push(String(error)));

class FailingGateway {
  connections = 0;
  handleConnection() {
    if (++this.connections % 2 === 0) throw new Error('handleConnection');
    return Promise.reject(new Error('handleConnection, later'));
  }
  handleDisconnect() {
    throw new Error('handleDisconnect');
  }
}
WebSocketGateway()(FailingGateway);

class AppModule {}
Module({
  imports: [
    ConnectionHealthModule.forRoot({
      heartbeat: { intervalMs: 300, timeoutMs: 200 },
      sweep: { intervalMs: 150 },
      massTimeout: false,
    }),
  ],
  providers: [FailingGateway],
})(AppModule);

const app = await NestFactory.create(AppModule, { logger: false });
app.useWebSocketAdapter(new WsAdapter(app));
const { events$ } = app.get(ConnectionHealthService);
const events = [];
const listener = () => {
  throw new Error('listener');
};
events$.subscribe(listener);
events$.subscribe({ next: listener });
events$.subscribe(({ type, reason }) => events.push({ type, reason }));
await app.listen(0, '127.0.0.1');

process.on('message', () => {
  const active = app.get(ConnectionHealthService).snapshot().total_connections;
  process.send({ report: { active, events, uncaught } });
});
process.on('disconnect', () => process.exit(0));
process.send({ url: `ws://127.0.0.1:${app.getHttpServer().address().port}` });
