// terminus.app.mjs with all that it needs imported, as an ES module app does.
import 'reflect-metadata';

import { Controller, Get, Inject, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { WsAdapter } from '@nestjs/platform-ws';
import { HealthCheckService, TerminusModule } from '@nestjs/terminus';
import { WebSocketGateway } from '@nestjs/websockets';
import {
  ConnectionHealthIndicator,
  ConnectionHealthModule,
  ConnectionHealthService,
} from 'nestjs-connection-health';

import startApp from './terminus.app.mjs';

await startApp({
  ...{ Controller, Get, Inject, Module, NestFactory, WsAdapter, WebSocketGateway },
  ...{ HealthCheckService, TerminusModule },
  ...{ ConnectionHealthIndicator, ConnectionHealthModule, ConnectionHealthService },
});
