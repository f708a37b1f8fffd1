import type { AddressInfo } from 'node:net';

import type { INestApplication, ModuleMetadata, Type } from '@nestjs/common';
import { WsAdapter } from '@nestjs/platform-ws';
import { Test } from '@nestjs/testing';
import {
  ConnectionHealthModule,
  ConnectionHealthService,
  type ConnectionHealthModuleOptions,
  type LifecycleEvent,
  type LifecycleEventOf,
  type LifecycleEventType,
} from 'nestjs-connection-health';

/** A started app with what tests look at. */
export interface TestApp {
  readonly app: INestApplication;
  readonly service: ConnectionHealthService;
  readonly events: LifecycleEvent[];
  /** `ws://127.0.0.1:port` of the app's own server. */
  readonly url: string;
  eventsOf<Kind extends LifecycleEventType>(type: Kind): LifecycleEventOf<Kind>[];
}

/** Lines that were logged, whoever logged them. */
export class MemoryLogger {
  readonly lines: { level: string; message: unknown }[] = [];

  readonly log = (message: unknown): void => this.add('log', message);
  readonly warn = (message: unknown): void => this.add('warn', message);
  readonly error = (message: unknown): void => this.add('error', message);
  readonly debug = (message: unknown): void => this.add('debug', message);
  readonly verbose = (message: unknown): void => this.add('verbose', message);

  /** Everything logged at a level, as text. */
  textOf(level: string): string {
    return this.lines
      .filter((line) => line.level === level)
      .map(({ message }) => (typeof message === 'string' ? message : JSON.stringify(message)))
      .join('\n');
  }

  private add(level: string, message: unknown): void {
    this.lines.push({ level, message });
  }
}

/** Boots a real app with the module and these gateways on a free port. */
export async function startApp(
  gateways: Type[],
  options: ConnectionHealthModuleOptions = {},
  more: ModuleMetadata & {
    logger?: MemoryLogger;
    platform?: (
      module: Awaited<ReturnType<ReturnType<typeof Test.createTestingModule>['compile']>>,
    ) => INestApplication;
    adapter?: (app: INestApplication) => WsAdapter;
    prepare?: (app: INestApplication) => void;
  } = {},
): Promise<TestApp> {
  const { logger = new MemoryLogger(), platform, adapter, prepare, ...metadata } = more;
  const module = await Test.createTestingModule({
    ...metadata,
    imports: [
      ConnectionHealthModule.forRoot({ drain: { timeoutMs: 300 }, ...options }),
      ...(metadata.imports ?? []),
    ],
    providers: [...gateways, ...(metadata.providers ?? [])],
  })
    .setLogger(logger)
    .compile();
  const app = platform === undefined ? module.createNestApplication() : platform(module);
  app.useWebSocketAdapter(adapter === undefined ? new WsAdapter(app) : adapter(app));
  const service = app.get(ConnectionHealthService);
  const events: LifecycleEvent[] = [];
  service.events$.subscribe((event) => events.push(event));
  prepare?.(app);
  await app.listen(0, '127.0.0.1');
  const { port } = app.getHttpServer().address() as AddressInfo;
  return {
    app,
    service,
    events,
    url: `ws://127.0.0.1:${port}`,
    eventsOf: <Kind extends LifecycleEventType>(type: Kind) =>
      events.filter((event): event is LifecycleEventOf<Kind> => event.type === type),
  };
}
