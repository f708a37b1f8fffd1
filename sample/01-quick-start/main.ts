import 'reflect-metadata';

import type { AddressInfo } from 'node:net';

import { ConsoleLogger, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { WsAdapter } from '@nestjs/platform-ws';

import { AppModule } from './app.module.js';
import { Crowd } from './crowd/crowd.js';
import { Operator } from './operator.js';
import { settings } from './settings.js';
import { Summary } from './summary.js';

/** The app, and what only this sample needs. */
@Module({ imports: [AppModule], providers: [Crowd, Operator, Summary] })
class QuickStartModule {}

// One line per event: `compact` keeps objects on it.
const logger = new ConsoleLogger({ compact: true });
const app = await NestFactory.create(QuickStartModule, { logger });
app.useWebSocketAdapter(new WsAdapter(app));
app.enableShutdownHooks();
await app.listen(settings.port, '127.0.0.1');

const { port } = app.getHttpServer().address() as AddressInfo;
const crowd = app.get(Crowd);
console.log(crowd.legend(port));
crowd.start(port);

if (Number.isFinite(settings.seconds)) setTimeout(() => void app.close(), settings.seconds * 1_000);
