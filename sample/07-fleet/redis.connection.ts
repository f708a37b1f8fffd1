import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { Redis } from 'ioredis';

import { settings } from './settings.js';

/** The app's own client: the fleet uses it, and the app ends it, in its last hook. */
@Injectable()
export class RedisConnection implements OnApplicationShutdown {
  readonly client = new Redis(settings.redisUrl);

  constructor() {
    // The fleet says so, once each way; without a listener the client would print every attempt.
    this.client.on('error', () => undefined);
  }

  onApplicationShutdown(): void {
    this.client.disconnect();
  }
}
