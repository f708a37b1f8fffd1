// A Nest gateway that sends back what it gets: JSON messages through Nest, binary ones through a listener of its own.
//
//   node bench/messages/server.mjs with|without
import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { WsAdapter } from '@nestjs/platform-ws';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';

import { ConnectionHealthModule } from '../../dist/esm/index.js';
import { profileAnswers } from '../support/profile.mjs';

class EchoGateway {
  handleConnection(client) {
    client.on('message', (data, isBinary) => {
      if (isBinary) client.send(data);
    });
  }

  echo(_client, data) {
    return { event: 'echo', data };
  }
}
WebSocketGateway()(EchoGateway);
const echo = Object.getOwnPropertyDescriptor(EchoGateway.prototype, 'echo');
SubscribeMessage('echo')(EchoGateway.prototype, 'echo', echo);

class App {
  name = 'echo';
}
const imports =
  process.argv[2] === 'with'
    ? [ConnectionHealthModule.forRoot({ metrics: false, logging: { level: 'off' } })]
    : [];
Module({ imports, providers: [EchoGateway] })(App);

const app = await NestFactory.create(App, { logger: ['error'] });
app.useWebSocketAdapter(new WsAdapter(app));
await app.listen(0, '127.0.0.1');
process.send({ port: app.getHttpServer().address().port });

const ANSWERS = {
  cpu() {
    const { user, system } = process.cpuUsage();
    return { cpuMs: (user + system) / 1_000 };
  },
  ...profileAnswers(),
};

process.on('message', async ({ ask }) => process.send(await ANSWERS[ask]()));
process.on('disconnect', () => process.exit());
