import { afterEach, describe, expect, it } from '@jest/globals';

import type { ConnectionCommands } from '../../lib/connection/connection.commands.js';
import { BoundedStore } from '../../lib/fleet/bounded.store.js';
import type { FleetStore } from '../../lib/fleet/fleet.store.js';
import { MemoryFleetStore } from '../../lib/fleet/memory.fleet.store.js';
import { PostOffice } from '../../lib/fleet/post.office.js';
import { decodeSummary } from '../../lib/fleet/node.summary.js';

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
});

describe('a summary of a node', () => {
  it.each(['', 'null', '{}', '{"format":1}', '{"format":1,"gateways":[],"findings":[],"staleSessions":[]}'])(
    'is not read where something is missing: %j',
    (text) => {
      expect(decodeSummary(text)).toBeUndefined();
    },
  );
});
