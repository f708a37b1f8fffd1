import 'reflect-metadata';

import type { AddressInfo } from 'node:net';

import { NestFactory } from '@nestjs/core';
import { WsAdapter } from '@nestjs/platform-ws';

import { AppModule } from './app.module.js';
import { settings } from './settings.js';

const app = await NestFactory.create(AppModule);
app.useWebSocketAdapter(new WsAdapter(app));
// Without this a SIGTERM ends the process at once, and every client is cut off.
app.enableShutdownHooks();
await app.listen(settings.port, '127.0.0.1');

const { port } = app.getHttpServer().address() as AddressInfo;
console.log(`liveness   http://127.0.0.1:${port}/health/live`);
console.log(`readiness  http://127.0.0.1:${port}/health/ready`);
console.log(`clients    ws://127.0.0.1:${port}`);
