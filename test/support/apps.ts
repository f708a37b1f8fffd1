import { createServer, type AddressInfo } from 'node:net';

import { afterEach } from '@jest/globals';
import type { INestApplication, Type } from '@nestjs/common';
import { WsAdapter } from '@nestjs/platform-ws';
import { Test } from '@nestjs/testing';

import { MemoryLogger, startApp, type TestApp } from './app.js';

/**
 * Starts apps that are closed after the test, latest first, whatever happened in it.
 *
 * Called after everything else that ends with a test: Jest runs these in the order of definition, and an app waits for
 * clients that stand still in the middle of a request.
 */
export function useApps(): typeof startApp {
  const running: TestApp[] = [];
  afterEach(async () => {
    for (const { app } of running.splice(0).toReversed()) await app.close();
  });
  return async (...args) => {
    const started = await startApp(...args);
    running.push(started);
    return started;
  };
}

/** A port that nobody listens on at the moment, for gateways that ask for one of their own. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** An app with the same gateways and without the module, to compare with. The caller closes it. */
export async function startWithoutUs(gateways: Type[]): Promise<{ app: INestApplication; url: string }> {
  const module = await Test.createTestingModule({ providers: gateways })
    .setLogger(new MemoryLogger())
    .compile();
  const app = module.createNestApplication();
  app.useWebSocketAdapter(new WsAdapter(app));
  await app.listen(0, '127.0.0.1');
  const { port } = app.getHttpServer().address() as AddressInfo;
  return { app, url: `ws://127.0.0.1:${port}` };
}
