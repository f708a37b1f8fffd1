import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';

import type { ConnectionFilter } from '../../lib/connection/connection.commands.js';
import type { Connection } from '../../lib/connection/connection.js';
import {
  selectConnections,
  walkOver,
  type ConnectionWalk,
} from '../../lib/connection/connection.selection.js';
import { ConnectionRegistry } from '../../lib/connection/connection.registry.js';
import { Records } from '../support/records.js';

const records = new Records();

/** Sequences 1, 2, 3 …, every third of another gateway, every fifth closing, each idle for as long as its number. */
const CROWD = Array.from({ length: 60 }, (_, index) => {
  const connection = records.make({}, { name: index % 3 === 0 ? 'A' : 'B' });
  if (index % 5 === 0) connection.state = 'closing';
  return connection;
});

function select(filter: ConnectionFilter, after?: number, crowd: ConnectionWalk = walkOver(CROWD)): number[] {
  const facts = { after, idleMsOf: ({ sequence }: Connection) => sequence };
  return selectConnections(crowd, filter, facts).map(({ sequence }) => sequence);
}

/** The same, as simply as it can be said. */
function expected({ gateway, state, minIdleMs, limit, order }: ConnectionFilter, after?: number): number[] {
  const sorted = order === 'newest' ? CROWD.toReversed() : CROWD;
  return sorted
    .filter(
      ({ sequence }) => after === undefined || (order === 'newest' ? sequence < after : sequence > after),
    )
    .filter((connection) => gateway === undefined || connection.server.name === gateway)
    .filter((connection) => state === undefined || connection.state === state)
    .filter(({ sequence }) => minIdleMs === undefined || sequence >= minIdleMs)
    .map(({ sequence }) => sequence)
    .slice(0, limit);
}

describe('selectConnections', () => {
  it('takes everybody by default', () => {
    expect(select({})).toEqual(CROWD.map(({ sequence }) => sequence));
    expect(select({ order: 'newest' })).toEqual(CROWD.map(({ sequence }) => sequence).toReversed());
  });

  it('takes the first or the last ones, after any place in the order', () => {
    expect(select({ limit: 3 })).toEqual([1, 2, 3]);
    expect(select({ limit: 3 }, 10)).toEqual([11, 12, 13]);
    expect(select({ limit: 3, order: 'newest' })).toEqual([60, 59, 58]);
    expect(select({ limit: 3, order: 'newest' }, 10)).toEqual([9, 8, 7]);
    expect(select({ limit: 0, order: 'newest' })).toEqual([]);
    expect(select({ limit: 0 })).toEqual([]);
    expect(select({}, 60)).toEqual([]);
    expect(select({ order: 'newest' }, 1)).toEqual([]);
  });

  it('finds what a plain search finds, for any filter', () => {
    const filter = fc.record(
      {
        gateway: fc.constantFrom('A', 'B', 'C'),
        state: fc.constantFrom('open' as const, 'closing' as const),
        minIdleMs: fc.integer({ min: 0, max: 70 }),
        limit: fc.integer({ min: 0, max: 70 }),
        order: fc.constantFrom('oldest' as const, 'newest' as const),
      },
      { requiredKeys: [] },
    );
    const after = fc.option(fc.integer({ min: 0, max: 70 }), { nil: undefined });
    fc.assert(
      fc.property(filter, after, (wanted, place) => {
        expect(select(wanted, place)).toEqual(expected(wanted, place));
      }),
    );
  });

  it('looks no further than it must, from its cursor on, in both directions', () => {
    const registry = new ConnectionRegistry();
    for (const connection of CROWD) registry.add(connection);
    let looked = 0;
    const counting = function* (connections: Iterable<Connection>): Iterable<Connection> {
      for (const connection of connections) {
        looked++;
        yield connection;
      }
    };
    const crowd: ConnectionWalk = {
      after: (place) => counting(registry.after(place)),
      before: (place) => counting(registry.before(place)),
    };
    expect(select({ limit: 5 }, 30, crowd)).toEqual([31, 32, 33, 34, 35]);
    expect(looked).toBe(5);
    looked = 0;
    expect(select({ limit: 5, order: 'newest' }, 20, crowd)).toEqual([19, 18, 17, 16, 15]);
    expect(looked).toBe(5);
  });
});
