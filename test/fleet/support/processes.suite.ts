import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import type { LifecycleEventType } from 'nestjs-connection-health';

import { sleep, until } from '../../support/wait.js';
import type { Library } from './clients.js';
import { allSee as seeAll, FleetNode } from './fleet.node.js';
import { RedisServer } from './redis.server.js';

const BEAT_MS = 1_000;
/** A machine that is busy with other things may be slower than the product promises. */
const SLACK_MS = 8_000;

function allSee(seers: readonly FleetNode[], count: number, withinMs = SLACK_MS): Promise<void> {
  return seeAll(seers, count, withinMs);
}

/**
 * What a fleet of processes goes through, by one of the client libraries.
 *
 * @param isThorough whether it also goes through what is the store's and the node's, whichever library carries it
 */
export function processSuite(library: Library, isThorough: boolean): void {
  describe(`a fleet of processes on one Redis, by ${library}`, () => {
    let redis: RedisServer;
    let inspect: Redis;
    let nodes: FleetNode[] = [];
    beforeEach(async () => {
      redis = await RedisServer.start();
      inspect = new Redis({ port: redis.port, host: '127.0.0.1', retryStrategy: () => 200 });
      inspect.on('error', () => undefined);
    });
    afterEach(async () => {
      await Promise.all(nodes.splice(0).map((node) => node.kill()));
      inspect.disconnect();
      await redis.end();
    });

    async function startNodes(count: number, beatMs = BEAT_MS): Promise<FleetNode[]> {
      const order = { ports: [redis.port], library, beatMs };
      nodes = await Promise.all(Array.from({ length: count }, () => FleetNode.start(order)));
      await allSee(nodes, count);
      return nodes;
    }

    function told(type: LifecycleEventType): number {
      return nodes.reduce((sum, node) => sum + node.eventsOf(type).length, 0);
    }

    async function keys(): Promise<string[]> {
      return (await inspect.keys('*')).sort();
    }

    async function everyKeyExpires(): Promise<void> {
      for (const key of await keys()) expect([key, (await inspect.pttl(key)) > 0]).toEqual([key, true]);
    }

    it('loses a node that was killed, and one survivor tells how many went with it', async () => {
      const [victim, ...survivors] = (await startNodes(3)) as [FleetNode, FleetNode, FleetNode];
      for (const user of ['anna', 'bert', 'bert', 'carl']) await victim.connect(user);
      await victim.connect();
      await survivors[0]!.connect('anna');
      await allSee(nodes, 3);
      await everyKeyExpires();

      await victim.kill();
      await until('one tells of it', () => told('fleet_node_lost') > 0, 3 * BEAT_MS + SLACK_MS);
      await allSee(survivors, 2);
      await sleep(2 * BEAT_MS);
      const losses = survivors.flatMap((node) => node.eventsOf('fleet_node_lost'));
      expect(losses).toMatchObject([{ node: victim.id, connections: 5, identities: 3 }]);
      expect((await survivors[0]!.ask('find', { identity: 'anna' })).connections).toHaveLength(1);
      expect(await survivors[1]!.ask('isOnline', 'bert')).toBe(false);
      const { lost } = await survivors[1]!.ask('snapshot');
      expect(lost).toMatchObject([{ id: victim.id, connections: 5, identities: 3 }]);
      expect((await keys()).filter((key) => key.includes(victim.id) && !key.endsWith(':tombstone'))).toEqual(
        [],
      );
      await everyKeyExpires();
    });

    it('goes on without a Redis that was killed, and is complete again when it is back, with nothing in it', async () => {
      const [a, b] = (await startNodes(2)) as [FleetNode, FleetNode];
      const clients = [await a.connect('anna'), await b.connect('bert')];
      await allSee(nodes, 2);

      await redis.kill();
      for (const node of nodes)
        await until(
          'it says so',
          () =>
            node
              .eventsOf('finding_raised')
              .some(({ finding }) => finding.signal === 'fleet_store_unreachable'),
          SLACK_MS,
        );
      clients.push(await a.connect('carl'));
      const alone = await a.ask('snapshot');
      expect(alone).toMatchObject({
        partial: true,
        members: expect.arrayContaining([expect.objectContaining({ id: a.id })]),
      });
      expect(await a.ask('isOnline', 'carl')).toBe(true);
      expect(await a.ask('find', { identity: 'bert' })).toMatchObject({ partial: true });
      await sleep(4 * BEAT_MS);

      await redis.run();
      await allSee(nodes, 2, 2 * BEAT_MS + SLACK_MS);
      expect(clients.every(({ isOpen }) => isOpen)).toBe(true);
      for (const node of nodes) {
        await until('it is over', () => node.eventsOf('finding_cleared').length > 0);
        // Once each way, however many calls have failed.
        expect(node.eventsOf('finding_raised')).toHaveLength(1);
        expect(node.eventsOf('finding_cleared')).toHaveLength(1);
        expect(
          node.lines.filter(({ message }) => JSON.stringify(message).includes('fleet_store')),
        ).toHaveLength(1);
      }
      expect(told('fleet_node_lost')).toBe(0);
    });

    it('writes everything anew when somebody has flushed the Redis', async () => {
      const [a, b] = (await startNodes(2)) as [FleetNode, FleetNode];
      await a.connect('anna');
      await b.connect('bert');
      await allSee(nodes, 2);
      await inspect.flushall();
      await until('both have noticed', () => told('fleet_rejoined') === 2, BEAT_MS + SLACK_MS);
      await allSee(nodes, 2);
      expect(a.eventsOf('fleet_rejoined')).toMatchObject([{ cause: 'forgotten' }]);
      expect(told('fleet_node_lost')).toBe(0);
    });

    it('leaves no key behind when the last node is closed, and is smaller by one at once before', async () => {
      const [a, b] = (await startNodes(2)) as [FleetNode, FleetNode];
      await a.connect('anna');
      await b.connect('bert');
      await allSee(nodes, 2);
      await a.ask('close');
      expect((await keys()).filter((key) => key.includes(a.id))).toEqual([]);
      expect(await b.ask('snapshot')).toMatchObject({ nodes: 1, partial: false, lost: [] });
      await b.ask('close');
      expect(await keys()).toEqual([]);
      expect(told('fleet_node_lost')).toBe(0);
    });

    it('disconnects somebody on whichever node, and says who did not answer', async () => {
      const [a, b, c] = (await startNodes(3)) as [FleetNode, FleetNode, FleetNode];
      const clients = [await b.connect('anna'), await c.connect('anna')];
      await allSee(nodes, 3);
      const order = { code: 4321, reason: 'go' };
      expect(await a.ask('disconnect', { identity: 'anna' }, order)).toEqual({
        closing: 2,
        partial: false,
        unanswered: [],
      });
      for (const client of clients) await until('it is closed', () => client.closed !== undefined);
      expect(clients.map(({ closed }) => closed)).toMatchObject([order, order]);

      const late = await c.connect('bert');
      c.signal('SIGSTOP');
      expect(await a.ask('disconnect', { identity: 'bert' })).toEqual({
        closing: 0,
        partial: true,
        unanswered: [c.id],
      });
      await sleep(BEAT_MS);
      c.signal('SIGCONT');
      await allSee(nodes, 3, 2 * BEAT_MS + SLACK_MS);
      // The order was over when it woke.
      expect(late.isOpen).toBe(true);
    });

    if (!isThorough) return;

    it('blames nobody where a node stood still for a moment', async () => {
      const [a] = (await startNodes(2)) as [FleetNode];
      for (let round = 0; round < 5; round++) {
        a.signal('SIGSTOP');
        // Longer than it waits for an answer, shorter than its lease.
        await sleep(0.9 * BEAT_MS);
        a.signal('SIGCONT');
        await sleep(0.7 * BEAT_MS);
      }
      await allSee(nodes, 2);
      expect(nodes.flatMap(({ events }) => events)).toEqual([]);
    });

    it('closes promptly where its Redis is away', async () => {
      const [a] = (await startNodes(1)) as [FleetNode];
      await a.connect('anna');
      await redis.kill();
      const began = performance.now();
      await a.ask('close');
      expect(performance.now() - began).toBeLessThan(SLACK_MS);
    });

    it('takes nobody for lost after a Redis that answered nobody for longer than a lease', async () => {
      const [a, b] = (await startNodes(2)) as [FleetNode, FleetNode];
      await a.connect('anna');
      await b.connect('bert');
      await allSee(nodes, 2);
      await inspect.client('PAUSE', 4 * BEAT_MS, 'ALL');
      await sleep(4 * BEAT_MS);
      await allSee(nodes, 2, 2 * BEAT_MS + SLACK_MS);
      await sleep(4 * BEAT_MS);
      expect(told('fleet_node_lost')).toBe(0);
      await allSee(nodes, 2);
      await everyKeyExpires();
    });

    it('writes everything anew when the Redis has dropped one of its tables', async () => {
      const [a, b] = (await startNodes(2)) as [FleetNode, FleetNode];
      await a.connect('anna');
      await allSee(nodes, 2);
      for (const [at, table] of ['records', 'identities', 'activity'].entries()) {
        await inspect.del((await keys()).find((key) => key.includes(a.id) && key.endsWith(`:${table}`))!);
        const hasNoticed = (): boolean => a.eventsOf('fleet_rejoined').length === at + 1;
        await until(`it has noticed that its ${table} are gone`, hasNoticed, 2 * BEAT_MS + SLACK_MS);
        await allSee(nodes, 2);
        expect((await b.ask('find', { identity: 'anna' })).connections).toHaveLength(1);
      }
    });

    it('writes everything anew when the Redis is back with an older state, of as many records', async () => {
      const [a, b] = (await startNodes(2)) as [FleetNode, FleetNode];
      const anna = await a.connect('anna');
      await allSee(nodes, 2);
      await inspect.save();
      anna.socket.terminate();
      await until('she is gone', async () => (await a.own()).length === 0);
      await a.connect('bert');
      await allSee(nodes, 2);
      await until('he is seen', () => b.ask('isOnline', 'bert'));

      await redis.kill();
      await redis.run();
      await until('he is seen again', () => b.ask('isOnline', 'bert'), 2 * BEAT_MS + SLACK_MS);
      await allSee(nodes, 2);
      expect(await b.ask('isOnline', 'anna')).toBe(false);
      expect(told('fleet_node_lost')).toBe(0);
    });

    it('reaps a node that was frozen, which sees it when it wakes and writes itself back', async () => {
      const [sleeper, ...others] = (await startNodes(3)) as [FleetNode, FleetNode, FleetNode];
      const client = await sleeper.connect('anna');
      await sleeper.connect('bert');
      await allSee(nodes, 3);

      sleeper.signal('SIGSTOP');
      await until('it is lost', () => told('fleet_node_lost') > 0, 3 * BEAT_MS + SLACK_MS);
      await allSee(others, 2);
      expect(await others[0]!.ask('isOnline', 'anna')).toBe(false);

      sleeper.signal('SIGCONT');
      await allSee(nodes, 3, 2 * BEAT_MS + SLACK_MS);
      expect(sleeper.eventsOf('fleet_rejoined')).toMatchObject([{ node: sleeper.id, cause: 'reaped' }]);
      expect(told('fleet_node_lost')).toBe(1);
      expect(await others[0]!.ask('isOnline', 'anna')).toBe(true);
      expect(client.isOpen).toBe(true);
      await everyKeyExpires();
    });
  });
}
