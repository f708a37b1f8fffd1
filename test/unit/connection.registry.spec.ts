import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';

import type { Connection } from '../../lib/connection/connection.js';
import { ConnectionRegistry } from '../../lib/connection/connection.registry.js';
import { Records } from '../support/records.js';

function setUp(count: number): { registry: ConnectionRegistry; connections: Connection[] } {
  const registry = new ConnectionRegistry();
  const records = new Records();
  const connections = Array.from({ length: count }, () => records.make());
  for (const connection of connections) registry.add(connection);
  return { registry, connections };
}

describe('ConnectionRegistry', () => {
  it('counts so that opened − closed = active', () => {
    const { registry, connections } = setUp(5);
    expect(registry.remove(connections[1]!)).toBe(true);
    expect(registry.remove(connections[1]!)).toBe(false);
    expect(registry).toMatchObject({ opened: 5, closed: 1, size: 4 });
    expect([...registry].map(({ sequence }) => sequence)).toEqual([1, 3, 4, 5]);
    expect(registry.get(2)).toBeUndefined();
    expect(registry.get(3)).toBe(connections[2]);
  });

  it('gives every connection a number of its own, never one that was in use', () => {
    const { registry } = setUp(0);
    expect([registry.nextSequence(), registry.nextSequence(), registry.nextSequence()]).toEqual([1, 2, 3]);
  });

  it('can be walked while connections come and go', () => {
    const { registry, connections } = setUp(4);
    const late = new Records();
    late.make();
    const seen: number[] = [];
    for (const connection of registry) {
      seen.push(connection.sequence);
      if (connection.sequence === 1) registry.remove(connections[2]!);
    }
    expect(seen).toEqual([1, 2, 4]);
  });

  it('does not index whom it does not hold', () => {
    const { registry, connections } = setUp(1);
    registry.remove(connections[0]!);
    registry.setIdentity(connections[0]!, 'ann');
    expect(registry.withIdentity('ann')).toEqual([]);
    expect([...registry.identities().values()]).toEqual([]);
  });

  it('knows at any time who belongs to whom, like a plain filter over all', () => {
    const action = fc.record({
      kind: fc.constantFrom('identify', 'identify', 'remove'),
      at: fc.nat({ max: 9 }),
      identity: fc.constantFrom('ann', 'bob', '__proto__', '', undefined),
    });
    fc.assert(
      fc.property(fc.array(action, { maxLength: 60 }), (actions) => {
        const { registry, connections } = setUp(10);
        const present = new Map<Connection, string | undefined>(connections.map((each) => [each, undefined]));
        for (const { kind, at, identity } of actions) {
          const connection = connections[at]!;
          if (kind === 'remove') {
            if (registry.remove(connection) !== present.delete(connection)) throw new Error(`remove ${at}`);
          } else {
            registry.setIdentity(connection, identity);
            if (present.has(connection)) present.set(connection, identity);
          }
        }
        for (const identity of ['ann', 'bob', '__proto__', '']) {
          const expected = [...present].filter(([, other]) => other === identity).map(([each]) => each);
          expect(new Set(registry.withIdentity(identity))).toEqual(new Set(expected));
        }
        const identities = new Set(
          [...present]
            .filter(([, identity]) => identity !== undefined)
            .map(
              ([{ server }, identity]) =>
                `${identity} of server ${connections.findIndex((each) => each.server === server)}`,
            ),
        );
        const counted = [...registry.identities().values()].reduce((one, other) => one + other, 0);
        expect(counted).toBe(identities.size);
        expect(registry.size).toBe(present.size);
      }),
    );
  });
});
