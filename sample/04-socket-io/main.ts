import 'reflect-metadata';

import type { AddressInfo } from 'node:net';

import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { IoAdapter } from '@nestjs/platform-socket.io';

import { AppModule } from './app.module.js';
import { Narrator } from './narrator.js';
import { Play } from './play/play.js';
import { settings } from './settings.js';

/** The app, and what only this sample needs. */
@Module({ imports: [AppModule], providers: [Narrator, Play] })
class SampleModule {}

const app = await NestFactory.create(SampleModule, { logger: ['warn', 'error'] });
app.useWebSocketAdapter(new IoAdapter(app)); // Nest's default; said here to be seen
app.enableShutdownHooks();
await app.listen(settings.port, '127.0.0.1');

const { port } = app.getHttpServer().address() as AddressInfo;
const play = app.get(Play);
console.log(play.legend(port));
play.start(port);

if (Number.isFinite(settings.seconds)) setTimeout(() => void app.close(), settings.seconds * 1_000);
