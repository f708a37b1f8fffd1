import 'reflect-metadata';

import type { AddressInfo } from 'node:net';

import {
  ConsoleLogger,
  Injectable,
  Module,
  type INestApplication,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { WsAdapter } from '@nestjs/platform-ws';

import { AppModule } from '../../sample/01-quick-start/app.module.js';
import type { RunningProxy } from './proxy.js';
import { nameOf, PROXIES, type LabRow } from './rows.js';
import { startProxy } from './start.proxy.js';

/** Short enough for people to wait for it. */
const IDLE_TIMEOUT_MS = 20_000;

/** A row, and what became of it. */
export interface StartedRow {
  readonly row: LabRow;
  readonly proxy?: RunningProxy;
  readonly failure?: string;
}

/** Every proxy of the lab in front of one app; they go with it. */
@Injectable()
export class Lab implements OnApplicationShutdown {
  private starting: Promise<StartedRow>[] = [];

  /** One that does not start is told, and holds up none of the others. */
  start(port: number): Promise<StartedRow[]> {
    this.starting = PROXIES.map((row) => startRow(row, port));
    return Promise.all(this.starting);
  }

  async onApplicationShutdown(): Promise<void> {
    const started = await Promise.all(this.starting);
    await Promise.all(started.map(({ proxy }) => proxy?.stop()));
  }
}

@Module({ imports: [AppModule], providers: [Lab] })
class LabModule {}

/** The app of the first sample, without its crowd. Ctrl-C and SIGTERM close it. */
export async function startApp(): Promise<{ app: INestApplication; port: number }> {
  const app = await NestFactory.create(LabModule, { logger: new ConsoleLogger({ compact: true }) });
  app.useWebSocketAdapter(new WsAdapter(app));
  app.enableShutdownHooks();
  await app.listen(0, '127.0.0.1');
  const { port } = app.getHttpServer().address() as AddressInfo;
  return { app, port };
}

async function startRow(row: LabRow, port: number): Promise<StartedRow> {
  const { name, behaviour } = row;
  const idle = behaviour === 'idle' && { idleTimeoutMs: IDLE_TIMEOUT_MS };
  try {
    const proxy = await startProxy(name, { backend: { port }, ...(behaviour && { behaviour }), ...idle });
    return { row, proxy };
  } catch (error) {
    return { row, failure: `${nameOf(row)} did not start: ${(error as Error).message}` };
  }
}
