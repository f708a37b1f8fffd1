// A Nest app that closes all of its clients and blocks its own event loop right after. Argument: the module's options.
import 'reflect-metadata';

import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { WsAdapter } from '@nestjs/platform-ws';
import { WebSocketGateway } from '@nestjs/websockets';
import { ConnectionHealthModule, ConnectionHealthService } from 'nestjs-connection-health';
import { stallLoop } from 'nestjs-connection-health/testing';

class ClosingGateway {}
WebSocketGateway()(ClosingGateway);

class AppModule {}
Module({
  imports: [ConnectionHealthModule.forRoot(JSON.parse(process.argv[2]))],
  providers: [ClosingGateway],
})(AppModule);

const app = await NestFactory.create(AppModule, { logger: false });
app.useWebSocketAdapter(new WsAdapter(app));
const service = app.get(ConnectionHealthService);
const ends = [];
service.events$.subscribe(({ type, evidence }) => {
  if (type === 'closed') ends.push(evidence.receivedCode);
});
await app.listen(0, '127.0.0.1');

process.on('message', async (order) => {
  if (order.closeThenStall !== undefined) {
    for (const { id } of service.connections()) void service.disconnect({ id });
    // Long enough for the close frames to be written, too short for any answer to be here.
    await new Promise((resolve) => setImmediate(resolve));
    await stallLoop(order.closeThenStall);
    process.send({ stalled: true });
  } else {
    process.send({ report: { ends } });
  }
});
process.on('disconnect', () => process.exit(0));
process.send({ url: `ws://127.0.0.1:${app.getHttpServer().address().port}` });
