// A Nest app with a chat in a process of its own, so that it can be stopped and killed.
// Arguments: the port, or 0, and the module's options as JSON. Talks by IPC.
import 'reflect-metadata';

import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { WsAdapter } from '@nestjs/platform-ws';
import { MessageBody, SubscribeMessage, WebSocketGateway, WebSocketServer } from '@nestjs/websockets';
import { ConnectionHealthModule, ConnectionHealthService } from 'nestjs-connection-health';

const [port, options] = process.argv.slice(2).map((argument) => JSON.parse(argument));
const messages = [];

class ChatGateway {
  chat(text) {
    messages.push(text);
    for (const client of this.server.clients) client.send(JSON.stringify({ event: 'chat', data: text }));
  }
}
WebSocketGateway()(ChatGateway);
WebSocketServer()(ChatGateway.prototype, 'server');
MessageBody()(ChatGateway.prototype, 'chat', 0);
SubscribeMessage('chat')(ChatGateway.prototype, 'chat', {
  value: ChatGateway.prototype.chat,
});

class AppModule {}
Module({ imports: [ConnectionHealthModule.forRoot(options)], providers: [ChatGateway] })(AppModule);

const app = await NestFactory.create(AppModule, { logger: false });
app.useWebSocketAdapter(new WsAdapter(app));
const service = app.get(ConnectionHealthService);
const events = [];
service.events$.subscribe((event) => events.push(event));
await app.listen(port, '127.0.0.1');

process.on('message', (order) => {
  if (order !== 'report') return;
  app.getHttpServer().getConnections((_error, sockets) => {
    process.send({ report: { connections: service.connections(), sockets, events, messages } });
  });
});
process.on('disconnect', () => process.exit(0));
process.send({ port: app.getHttpServer().address().port });
