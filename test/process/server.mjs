// A server that imports the built package by its name, as an app does. Reports by IPC: { port }, { event }, { signal }, { resources }.
import 'reflect-metadata';

import { WsAdapter } from '@nestjs/platform-ws';
import { WebSocketGateway } from '@nestjs/websockets';
import { NestFactory } from '@nestjs/core';
import { ConnectionHealthModule, ConnectionHealthService } from 'nestjs-connection-health';

const tell = (message) => process.connected && process.send(message);

class ChildGateway {
  handleDisconnect() {
    tell({ event: 'disconnected' });
  }
}
WebSocketGateway()(ChildGateway);

class AppModule {
  onApplicationShutdown(signal) {
    tell({ signal });
  }
}

const app = await NestFactory.create(
  {
    module: AppModule,
    imports: [ConnectionHealthModule.forRoot({ heartbeat: { intervalMs: 300 }, logging: { level: 'off' } })],
    providers: [ChildGateway],
  },
  { logger: false },
);
app.useWebSocketAdapter(new WsAdapter(app));
// Without this option Nest ends by sending itself the signal once more.
if (process.argv[2] === 'hooks') app.enableShutdownHooks(['SIGTERM'], { useProcessExit: true });
app.get(ConnectionHealthService).events$.subscribe(({ type }) => tell({ event: type }));
process.on('message', async () => {
  await app.close();
  tell({ resources: process.getActiveResourcesInfo() });
  // From here on nothing but what was left behind keeps the process.
  process.disconnect();
});
await app.listen(0, '127.0.0.1');
tell({ port: app.getHttpServer().address().port });
