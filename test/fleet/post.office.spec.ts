import { afterEach, describe, expect, it } from '@jest/globals';

import type { ConnectionCommands } from '../../lib/connection/connection.commands.js';
import { BoundedStore } from '../../lib/fleet/bounded.store.js';
import { MAX_LETTERS, type FleetStore } from '../../lib/fleet/fleet.store.js';
import { MemoryFleetStore } from '../../lib/fleet/memory.fleet.store.js';
import { PostOffice } from '../../lib/fleet/post.office.js';
import { decodeSummary } from '../../lib/fleet/node.summary.js';
import { until } from '../support/wait.js';

describe('orders from node to node', () => {
  const timers: NodeJS.Timeout[] = [];
  afterEach(() => {
    for (const timer of timers.splice(0)) clearInterval(timer);
  });

  /** Nodes that look into their boxes, each of which closes one connection for each order. */
  function startNodes(store: FleetStore, count: number): PostOffice[] {
    return Array.from({ length: count }, (_, index) => {
      const commands = { disconnect: async () => 1 } as unknown as ConnectionCommands;
      const office = new PostOffice({
        store: new BoundedStore(store, 16),
        outbox: new BoundedStore(store, 2_000),
        nodeId: `node-${index}`,
        commands,
        patienceMs: 10_000,
        storeNow: () => Date.now(),
      });
      timers.push(setInterval(() => void office.look().catch(() => undefined), 20));
      return office;
    });
  }

  it.each([
    [1, 24],
    [20, 24],
    [100, 3],
  ])(
    'reach all nodes: %i at once, of a fleet of %i',
    async (orders, nodes) => {
      const [first] = startNodes(new MemoryFleetStore(), nodes);
      const others = Array.from({ length: nodes - 1 }, (_, index) => `node-${index + 1}`);
      const reports = await Promise.all(
        Array.from({ length: orders }, (_, index) => first!.order(others, { identity: `user-${index}` }, {})),
      );
      expect(reports).toEqual(Array.from({ length: orders }, () => ({ closing: nodes - 1, unanswered: [] })));
    },
    30_000,
  );

  it('are all taken out of a full box in one go', async () => {
    const store = new MemoryFleetStore();
    const bounded = new BoundedStore(store, 2_000);
    const targets: unknown[] = [];
    const office = new PostOffice({
      store: bounded,
      outbox: bounded,
      nodeId: 'node',
      commands: {
        disconnect: async (target: unknown) => targets.push(target),
      } as unknown as ConnectionCommands,
      patienceMs: 1_000,
      storeNow: () => Date.now(),
    });
    const letter = {
      kind: 'disconnect',
      order: 'x',
      from: 'other',
      until: Date.now() + 60_000,
      target: { id: 'a-1' },
      options: {},
    };
    const count = 2 * MAX_LETTERS + 50;
    for (let posted = 0; posted < count; posted++) await store.post('node', JSON.stringify(letter));
    await office.look();
    await until('all are obeyed', () => targets.length === count);
    expect((await store.take('node')).letters).toEqual([]);
  });
});

describe('a summary of a node', () => {
  it.each(['', 'null', '{}', '{"format":1}', '{"format":1,"gateways":[],"findings":[],"staleSessions":[]}'])(
    'is not read where something is missing: %j',
    (text) => {
      expect(decodeSummary(text)).toBeUndefined();
    },
  );
});
