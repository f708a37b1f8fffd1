import { afterEach, describe, expect, it, jest } from '@jest/globals';

import { sleep, until } from '../support/wait.js';
import type { Library } from './support/clients.js';
import { allSee, FleetNode } from './support/fleet.node.js';
import { RedisCluster } from './support/redis.cluster.js';

jest.setTimeout(120_000);

const BEAT_MS = 1_000;
const SLACK_MS = 15_000;

describe.each<Library>(['ioredis', 'node-redis'])('a fleet on a Redis Cluster, by %s', (library) => {
  let cluster: RedisCluster | undefined;
  let nodes: FleetNode[] = [];
  afterEach(async () => {
    await Promise.all(nodes.splice(0).map((node) => node.kill()));
    await cluster?.end();
  });

  it('outlives the master that has its directory', async () => {
    cluster = await RedisCluster.start(1);
    const order = { ports: cluster.ports, isCluster: true, library, beatMs: BEAT_MS };
    nodes = await Promise.all([FleetNode.start(order), FleetNode.start(order)]);
    const [a, b] = nodes as [FleetNode, FleetNode];
    const clients = [await a.connect('anna'), await b.connect('bert'), await b.connect('anna')];
    await allSee(nodes, 2, SLACK_MS);

    await failOver(cluster, '{connection-health}:nodes');
    clients.push(await a.connect('carl'));
    await allSee(nodes, 2, SLACK_MS);
    expect(await b.ask('isOnline', 'carl')).toBe(true);

    expect(clients.every(({ isOpen }) => isOpen)).toBe(true);
    for (const node of nodes) {
      expect(node.eventsOf('fleet_node_lost')).toEqual([]);
      expect(node.eventsOf('finding_raised').map(({ finding }) => finding.signal)).toEqual([
        'fleet_store_unreachable',
      ]);
    }
  });
});

/** Kills the master of a key, and waits until its replica has taken over. */
async function failOver(cluster: RedisCluster, key: string): Promise<void> {
  const [asked] = cluster.ports;
  const slot = Number(await cluster.ask(asked!, 'cluster', 'keyslot', key));
  const master = await masterOf(cluster, asked!, slot);
  const victim = cluster.servers.find(({ port }) => port === master)!;
  const other = cluster.ports.find((port) => port !== master)!;
  await victim.kill();
  await until(
    'a replica is the master',
    async () => {
      await sleep(200);
      const now = await masterOf(cluster, other, slot);
      return now > 0 && now !== master;
    },
    30_000,
  );
}

async function masterOf(cluster: RedisCluster, asked: number, slot: number): Promise<number> {
  for (const line of (await cluster.ask(asked, 'cluster', 'nodes')).split('\n')) {
    const [, address = '', flags = '', , , , , , ...slots] = line.split(' ');
    if (!flags.includes('master') || flags.includes('fail')) continue;
    const holds = slots.some((range) => {
      const [from, to = from] = range.split('-').map(Number);
      return from! <= slot && slot <= to!;
    });
    if (holds) return Number(/:(\d+)@/.exec(address)![1]);
  }
  return -1;
}
