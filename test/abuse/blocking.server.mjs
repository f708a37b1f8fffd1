// A Nest app whose handler of "block" blocks the event loop for a while. Arguments: the module's options, milliseconds.
import 'reflect-metadata';

import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { WsAdapter } from '@nestjs/platform-ws';
import { WebSocketGateway } from '@nestjs/websockets';
import { ConnectionHealthModule, ConnectionHealthService } from 'nestjs-connection-health';

const [options, blockMs] = process.argv.slice(2).map((argument) => JSON.parse(argument));

class BlockingGateway {
  handleConnection(client) {
    client.on('message', (data) => {
      if (String(data) !== 'block') return;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, blockMs);
      process.send({ blocked: true });
    });
  }
}
WebSocketGateway()(BlockingGateway);

class AppModule {}
Module({ imports: [ConnectionHealthModule.forRoot(options)], providers: [BlockingGateway] })(AppModule);

const app = await NestFactory.create(AppModule, { logger: false });
app.useWebSocketAdapter(new WsAdapter(app));
await app.listen(0, '127.0.0.1');

process.on('message', () => {
  const service = app.get(ConnectionHealthService);
  process.send({ report: { active: service.snapshot().total_connections } });
});
process.on('disconnect', () => process.exit(0));
process.send({ url: `ws://127.0.0.1:${app.getHttpServer().address().port}` });
