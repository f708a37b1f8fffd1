import 'reflect-metadata';

import { expect } from '@jest/globals';
import type { CanActivate, INestApplication } from '@nestjs/common';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { WebSocketGateway } from '@nestjs/websockets';
import type { ConnectionHealthModuleExtras, ConnectionHealthModuleOptions } from 'nestjs-connection-health';

import type { startApp, TestApp } from './app.js';
import { useApps } from './apps.js';
import { TestClient } from './client.js';
import type { Answer } from './http.client.js';

/** Both kinds of options of the module. */
export type EveryOption = ConnectionHealthModuleOptions & ConnectionHealthModuleExtras;

const FASTIFY = (module: { createNestApplication(adapter?: unknown): INestApplication }): INestApplication =>
  module.createNestApplication(new FastifyAdapter());

/** What `startApp` needs for each HTTP platform. */
export const PLATFORMS = {
  Express: undefined,
  Fastify: FASTIFY as NonNullable<Parameters<typeof startApp>[2]>['platform'],
} as const;

/** For `describe.each`. */
export const PLATFORM_NAMES = ['Express', 'Fastify'] as const;

@WebSocketGateway({ path: '/red' })
export class RedGateway {}

@WebSocketGateway({ path: '/blue' })
export class BlueGateway {}

const LET_IN: CanActivate = { canActivate: () => true };

/** Starts apps with both gateways that serve details to everybody, and know clients by `?user=`. */
export function useDetails(platform: (typeof PLATFORM_NAMES)[number]): () => Promise<TestApp> {
  const start = useApps();
  const options: EveryOption = {
    // Nobody is asked while a test looks: who is silent stays silent.
    heartbeat: { intervalMs: 600_000 },
    diagnostics: { details: true, guards: [LET_IN] },
    identify: (_client, request) => new URL(request!.url!, 'http://host').searchParams.get('user'),
  };
  return () => start([RedGateway, BlueGateway], options, { platform: PLATFORMS[platform] });
}

/** Address of a route below the endpoint. */
export function at({ url }: TestApp, path: string): string {
  return `${url}/connection-health${path}`;
}

/** Clients that come one after the other, for example at `red?user=ada`. */
export async function connect({ url }: TestApp, places: readonly string[]): Promise<TestClient[]> {
  const clients: TestClient[] = [];
  for (const place of places) clients.push(await TestClient.connect(`${url}/${place}`));
  return clients;
}

const ERRORS: Readonly<Record<number, string>> = { 400: 'Bad Request', 403: 'Forbidden', 404: 'Not Found' };

/** Refused in our own words, and few of the client's. */
export function expectRefused(answer: Answer, message: string | RegExp, statusCode = 400): void {
  expect(answer.json()).toEqual({
    statusCode,
    error: ERRORS[statusCode],
    message: typeof message === 'string' ? message : expect.stringMatching(message),
  });
  expect(answer.status).toBe(statusCode);
  expect(answer.headers['content-type']).toBe('application/json; charset=utf-8');
  expect(answer.text.length).toBeLessThan(400);
}
