import { Module } from '@nestjs/common';
import { ConnectionHealthModule } from 'nestjs-connection-health';
import { RedisFleetStore } from 'nestjs-connection-health/redis';

import { ChatGateway } from './chat.gateway.js';
import { RedisConnection } from './redis.connection.js';
import { RedisModule } from './redis.module.js';
import { settings } from './settings.js';
import { UsersController } from './users.controller.js';

/** One node. */
@Module({
  imports: [
    ConnectionHealthModule.forRootAsync({
      imports: [RedisModule],
      inject: [RedisConnection],
      useFactory: ({ client }: RedisConnection) => ({
        fleet: new RedisFleetStore(client, { beatMs: settings.beatMs }),
        // A token in an app of yours.
        identify: (_client, request) =>
          new URL(request?.url ?? '/', 'http://host').searchParams.get('user') ?? undefined,
        drain: { spreadMs: 1_000 },
      }),
      diagnostics: true,
    }),
  ],
  controllers: [UsersController],
  providers: [ChatGateway],
})
export class AppModule {}
