export { RedisFleetStore } from './redis.fleet.store.js';
export type { RedisFleetStoreOptions } from './redis.fleet.store.js';
export type { RedisClient } from './redis.client.js';
