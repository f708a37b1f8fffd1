import { describe, expect, it, jest } from '@jest/globals';

import { sleep, until } from '../support/wait.js';
import { FleetNode } from './support/fleet.node.js';
import { RedisServer } from './support/redis.server.js';

jest.setTimeout(90_000);

describe('a fleet with the beat that is the default', () => {
  it('loses a node within 15 s of its death', async () => {
    const redis = await RedisServer.start();
    const order = { ports: [redis.port], library: 'ioredis', beatMs: 5_000 } as const;
    const nodes = await Promise.all([FleetNode.start(order), FleetNode.start(order), FleetNode.start(order)]);
    try {
      const [victim, ...survivors] = nodes as [FleetNode, FleetNode, FleetNode];
      await victim.connect('anna');
      for (const node of nodes)
        await until('all see all', async () => (await node.ask('snapshot')).nodes === 3, 20_000);
      // The first look of a fleet finds nobody dead for a lease.
      await sleep(12_500);
      const died = performance.now();
      await victim.kill();
      const seen = survivors.map(async (node) => {
        await until('it is lost', async () => (await node.ask('snapshot')).nodes === 2, 30_000);
        return performance.now() - died;
      });
      for (const afterMs of await Promise.all(seen)) expect(afterMs).toBeLessThan(15_000);
      const losses = (): number => survivors.flatMap((node) => node.eventsOf('fleet_node_lost')).length;
      await until('one tells of it', () => losses() === 1, 30_000);
      expect(performance.now() - died).toBeLessThan(15_000);
    } finally {
      await Promise.all(nodes.map((node) => node.kill()));
      await redis.end();
    }
  });
});
