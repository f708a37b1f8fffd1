import { Redis } from 'ioredis';
import { RedisFleetStore } from 'nestjs-connection-health/redis';

import { LIBRARIES, type Library, type OpenClient } from './clients.js';
import { RedisCluster } from './redis.cluster.js';
import { RedisServer } from './redis.server.js';
import { BEAT_MS, storeConformance, type Surroundings } from './store.conformance.js';

/** What servers have, asked by a client of our own. */
function inspection(ports: readonly number[]): Pick<Surroundings, 'leftovers' | 'flush' | 'end'> {
  const servers = ports.map((port) => new Redis({ port, host: '127.0.0.1' }));
  return {
    async leftovers() {
      const found = new Map<string, number>();
      for (const server of servers)
        for (const key of await server.keys('*')) found.set(key, await server.pttl(key));
      return found;
    },
    async flush() {
      for (const server of servers) await server.flushall();
    },
    async end() {
      for (const server of servers) server.disconnect();
    },
  };
}

async function surroundings(
  ports: readonly number[],
  client: OpenClient,
  end: () => Promise<void>,
): Promise<Surroundings> {
  const inspect = inspection(ports);
  return {
    ...inspect,
    store: () => new RedisFleetStore(client.client, { beatMs: BEAT_MS }),
    async end() {
      await client.end();
      await inspect.end();
      await end();
    },
  };
}

/** The conformance suite on one server and on a cluster, by one of the client libraries. */
export function redisStoreSuite(library: Library): void {
  storeConformance(`Redis, by ${library}`, async () => {
    const server = await RedisServer.start();
    const client = await LIBRARIES[library].one(server.port);
    return surroundings([server.port], client, () => server.end());
  });

  storeConformance(`a Redis Cluster of three masters, by ${library}`, async () => {
    const cluster = await RedisCluster.start();
    const client = await LIBRARIES[library].cluster(cluster.ports);
    return surroundings(cluster.ports, client, () => cluster.end());
  });
}
