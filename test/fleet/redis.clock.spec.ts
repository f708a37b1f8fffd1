import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { RedisFleetStore } from 'nestjs-connection-health/redis';

import { sleep, until } from '../support/wait.js';
import { RedisServer } from './support/redis.server.js';

const BEAT_MS = 500;

describe.each([3_600_000, 9 * BEAT_MS])('a Redis whose clock was set back by %i ms', (byMs) => {
  let server: RedisServer;
  let client: Redis;
  beforeEach(async () => {
    server = await RedisServer.start();
    client = new Redis({ port: server.port, host: '127.0.0.1' });
  });
  afterEach(async () => {
    client.disconnect();
    await server.end();
  });

  /** Everything that names a time, as it was written ahead. */
  async function setBack(life: string): Promise<void> {
    const ahead = Date.now() + byMs;
    await client.zadd('{connection-health}:nodes', ahead, life);
    await client.hset('{connection-health}:meta', 'asked', ahead, 'grace', ahead);
  }

  it('takes nobody for alive, and lets nobody wait, for longer than a lease', async () => {
    const store = new RedisFleetStore(client, { beatMs: BEAT_MS });
    await store.beat({ life: 'dead.1', isKnown: false, summary: '' });
    await setBack('dead.1');
    const since = performance.now();
    const claimed = async (): Promise<boolean> => (await store.claim('b.1')).length > 0;
    await until('it is claimed', claimed, 20_000);
    expect(performance.now() - since).toBeLessThan(10_000);

    // Longer than a lease of this store, but not than its own.
    const patient = new RedisFleetStore(client, { beatMs: 20 * BEAT_MS });
    await patient.beat({ life: 'slow.1', isKnown: false, summary: '' });
    await store.claim('b.1');
    const slow = (await store.directory()).entries.find(({ life }) => life === 'slow.1')!;
    expect(slow.expiresAt - (await store.directory()).now).toBeGreaterThan(2 * 20 * BEAT_MS);

    // A claim that was made ahead is over as well.
    await client.hset('{connection-health}:claims', 'dead.1', `${Date.now() + byMs} c.1`);
    await sleep(10);
    expect((await store.claim('b.1')).map(({ life }) => life)).toEqual(['dead.1']);
  });
});
