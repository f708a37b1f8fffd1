import 'reflect-metadata';

import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

import { ConsoleLogger } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { WsAdapter } from '@nestjs/platform-ws';

import { AppModule } from './app.module.js';
import { settings } from './settings.js';
import { Network } from './trouble/network.js';

// One line per event: `compact` keeps objects on it.
const logger = new ConsoleLogger({ compact: true });
const app = await NestFactory.create<NestExpressApplication>(AppModule, { logger });
app.useWebSocketAdapter(new WsAdapter(app));
app.useStaticAssets(join(import.meta.dirname, '../public'));
app.enableShutdownHooks();
await app.listen(0, '127.0.0.1');

// Browsers reach the app through a stretch of network that can be cut.
const { port: to } = app.getHttpServer().address() as AddressInfo;
const port = await app.get(Network).open({ from: settings.port, to });
console.log(`Open http://127.0.0.1:${port}/ in two windows. Ctrl-C ends.`);
