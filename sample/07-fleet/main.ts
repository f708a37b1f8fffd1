import 'reflect-metadata';

import type { AddressInfo } from 'node:net';

import { NestFactory } from '@nestjs/core';
import { WsAdapter } from '@nestjs/platform-ws';

import { AppModule } from './app.module.js';
import { settings } from './settings.js';

const app = await NestFactory.create(AppModule);
app.useWebSocketAdapter(new WsAdapter(app));
// Without this a SIGTERM ends the process at once: clients are cut off, and the others take the node for lost.
app.enableShutdownHooks();
await app.listen(settings.port, settings.host);

const { port } = app.getHttpServer().address() as AddressInfo;
// Told to run.ts, where it is its child, which must not outlive it.
process.send?.({ port });
process.on('disconnect', () => process.exit());
