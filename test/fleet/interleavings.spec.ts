import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Redis } from 'ioredis';

import { sleep } from '../support/wait.js';
import { allSee, FleetNode } from './support/fleet.node.js';
import { RedisServer } from './support/redis.server.js';

jest.setTimeout(180_000);

const BEAT_MS = 1_000;
const SETTLED_MS = 3 * BEAT_MS + 10_000;
const STEPS = 12;
const ROUNDS = 3;

/** Numbers from 0 to below 1 that are the same for the same seed (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

describe('whatever happens to a fleet, in whatever order', () => {
  let redis: RedisServer;
  let inspect: Redis;
  let nodes: FleetNode[] = [];
  beforeEach(async () => {
    redis = await RedisServer.start();
    inspect = new Redis({ port: redis.port, host: '127.0.0.1', retryStrategy: () => 100 });
    inspect.on('error', () => undefined);
  });
  afterEach(async () => {
    await Promise.all(nodes.splice(0).map((node) => node.kill()));
    inspect.disconnect();
    await redis.end();
  });

  it.each([1, 2, 3])(
    'every live connection is seen, and no dead one after the lease (seed %i)',
    async (seed) => {
      const random = randomFrom(seed);
      const pick = <Each>(from: readonly Each[]): Each => from[Math.floor(random() * from.length)]!;
      const order = {
        ports: [redis.port],
        library: seed % 2 === 0 ? 'node-redis' : 'ioredis',
        beatMs: BEAT_MS,
      } as const;
      nodes = await Promise.all([FleetNode.start(order), FleetNode.start(order), FleetNode.start(order)]);

      /** Everything that may happen, the usual more often. */
      const connect = async (): Promise<void> =>
        void (await pick(nodes).connect(`user-${Math.floor(random() * 8)}`));
      const disconnect = async (): Promise<void> => {
        const { clients } = pick(nodes);
        clients.splice(Math.floor(random() * clients.length), 1)[0]?.socket.terminate();
      };
      const things: (() => Promise<void>)[] = [
        ...Array.from({ length: 8 }, () => connect),
        ...Array.from({ length: 4 }, () => disconnect),
        async () => {
          const victim = pick(nodes);
          nodes = nodes.filter((node) => node !== victim);
          await victim.kill();
          nodes.push(await FleetNode.start(order));
        },
        async () => {
          const sleeper = pick(nodes);
          sleeper.signal('SIGSTOP');
          await sleep(random() * 4 * BEAT_MS);
          sleeper.signal('SIGCONT');
        },
        async () => void (await inspect.flushall()),
        async () => void (await inspect.client('PAUSE', Math.floor(random() * 3 * BEAT_MS), 'ALL')),
        async () => {
          await redis.kill();
          await sleep(random() * 2 * BEAT_MS);
          await redis.run();
        },
      ];
      for (let round = 0; round < ROUNDS; round++) {
        for (let step = 0; step < STEPS; step++) await pick(things)();
        await allSee(nodes, nodes.length, SETTLED_MS);
        const users = new Set(
          (await Promise.all(nodes.map((node) => node.own()))).flat().map(({ identity }) => identity),
        );
        for (let user = 0; user < 8; user++)
          expect([user, await pick(nodes).ask('isOnline', `user-${user}`)]).toEqual([
            user,
            users.has(`user-${user}`),
          ]);
        for (const key of await inspect.keys('*'))
          expect([key, (await inspect.pttl(key)) > 0]).toEqual([key, true]);
      }
    },
  );
});
