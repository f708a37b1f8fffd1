import 'reflect-metadata';

import type { AddressInfo } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';

import { ConsoleLogger, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { WsAdapter } from '@nestjs/platform-ws';
import { ConnectionHealthService } from 'nestjs-connection-health';

import { AppModule } from './app.module.js';
import { Clients } from './clients.js';
import { phoenixParser } from './phoenix.gateway.js';
import { settings } from './settings.js';

/** The app, and what only this sample needs. */
@Module({ imports: [AppModule], providers: [Clients] })
class CodecsModule {}

// One line per event: `compact` keeps objects on it.
const logger = new ConsoleLogger({ compact: true });
const app = await NestFactory.create(CodecsModule, { logger });
app.useWebSocketAdapter(new WsAdapter(app, { messageParser: phoenixParser as never }));
app.enableShutdownHooks();
await app.listen(settings.port, '127.0.0.1');

const { port } = app.getHttpServer().address() as AddressInfo;
const [health, clients] = [app.get(ConnectionHealthService), app.get(Clients)];
console.log(`page: http://127.0.0.1:${port}/connection-health/dashboard`);
clients.start(port);

await wait(settings.calmMs);
console.log(`server: ${health.connections().length} clients are connected; now they are stopped`);
clients.signal('SIGSTOP');
while (health.connections().length > 0) await wait(100);
console.log('server: both are gone; now they wake up');
clients.signal('SIGCONT');
