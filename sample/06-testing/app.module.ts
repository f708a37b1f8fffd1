import type { IncomingMessage } from 'node:http';

import { Module, type DynamicModule } from '@nestjs/common';
import { ConnectionHealthModule, type ConnectionHealthModuleOptions } from 'nestjs-connection-health';

import { ChatGateway } from './chat.gateway.js';
import { Presence } from './presence.js';

/** The whole app. */
@Module({})
export class AppModule {
  /** @param options what a test changes: the clock */
  static with(options: Pick<ConnectionHealthModuleOptions, 'clock'> = {}): DynamicModule {
    return {
      module: AppModule,
      imports: [
        ConnectionHealthModule.forRoot({
          heartbeat: { intervalMs: 10_000, timeoutMs: 5_000 },
          sweep: { closeTimeoutMs: 5_000 },
          identify: (_client, request) => nameOf(request as IncomingMessage | undefined),
          ...options,
        }),
      ],
      providers: [ChatGateway, Presence],
    };
  }
}

/** `/?name=ada`; a real app would look at a token here. */
function nameOf(request: IncomingMessage | undefined): string | undefined {
  return new URL(request?.url ?? '/', 'ws://chat').searchParams.get('name') ?? undefined;
}
