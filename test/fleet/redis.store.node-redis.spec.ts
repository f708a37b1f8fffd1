import { redisStoreSuite } from './support/redis.store.suite.js';

redisStoreSuite('node-redis');
