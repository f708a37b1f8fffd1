import { Module } from '@nestjs/common';

import { RedisConnection } from './redis.connection.js';

/** The connection to Redis, for whoever needs it. */
@Module({ providers: [RedisConnection], exports: [RedisConnection] })
export class RedisModule {}
