import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';

import { BLOCK_SIZE, EMPTY, type ConnectionBlock } from '../../lib/connection/connection.block.js';
import { Connection } from '../../lib/connection/connection.js';
import { ConnectionRegistry } from '../../lib/connection/connection.registry.js';
import { Records } from '../support/records.js';

const records = new Records();
const { server, peer } = records.make();

function add(registry: ConnectionRegistry, count: number): Connection[] {
  return Array.from({ length: count }, () => {
    const connection = new Connection(registry.nextSequence(), server, {}, undefined, peer, 0);
    registry.add(connection);
    return connection;
  });
}

function blocksOf(registry: ConnectionRegistry): ConnectionBlock[] {
  const blocks: ConnectionBlock[] = [];
  let block = registry.blockAfter(0);
  for (; block !== undefined; block = registry.blockAfter(block.lastSequence)) blocks.push(block);
  return blocks;
}

const sequencesOf = (connections: Iterable<Connection>): number[] =>
  [...connections].map(({ sequence }) => sequence);

describe('blocks of connections', () => {
  it('hold, find and walk what a plain list would, whoever comes and goes', () => {
    const step = fc.oneof(
      fc.record({ add: fc.integer({ min: 1, max: 900 }) }),
      // Leaves so many of a hundred, beginning anywhere.
      fc.record({ from: fc.double({ min: 0, max: 1, noNaN: true }), leave: fc.integer({ min: 0, max: 99 }) }),
    );
    const steps = fc.array(step, { maxLength: 8 });
    fc.assert(
      fc.property(steps, fc.double({ min: 0, max: 1, noNaN: true }), (actions, where) => {
        const registry = new ConnectionRegistry();
        let present: Connection[] = [];
        for (const action of actions) {
          if ('add' in action) present.push(...add(registry, action.add));
          else {
            const from = Math.floor(action.from * present.length);
            const gone = new Set(present.filter((_, at) => at >= from && at % 100 >= action.leave));
            for (const connection of gone) registry.remove(connection);
            present = present.filter((each) => !gone.has(each));
          }
        }
        expect(sequencesOf(registry)).toEqual(sequencesOf(present));
        expect(registry.size).toBe(present.length);
        const place = present[Math.floor(where * present.length)]?.sequence ?? 0;
        expect(registry.get(place)?.sequence ?? 0).toBe(place);
        expect(sequencesOf(registry.after(place))).toEqual(
          sequencesOf(present.filter(({ sequence }) => sequence > place)),
        );
        expect(sequencesOf(registry.before(place))).toEqual(
          sequencesOf(present.filter(({ sequence }) => sequence < place).toReversed()),
        );
        for (const block of blocksOf(registry)) {
          expect(block.live).toBe(block.records.filter((each) => each !== undefined).length);
          expect(block.flags.subarray(0, block.used).filter((flags) => flags !== EMPTY)).toHaveLength(
            block.live,
          );
        }
        // Memory follows the connections that are there, not those that ever were.
        expect(blocksOf(registry).length).toBeLessThanOrEqual(2 + (4 * present.length) / BLOCK_SIZE);
      }),
      { numRuns: 25 },
    );
  });

  it('keep no room for the many that came and went at once', () => {
    const registry = new ConnectionRegistry();
    for (let round = 0; round < 3 * BLOCK_SIZE; round++) registry.remove(add(registry, 1)[0]!);
    expect(blocksOf(registry).length).toBeLessThanOrEqual(1);
  });

  it('are walked to the end, each connection once, where the walk is slow and blocks are dropped and merged meanwhile', async () => {
    const registry = new ConnectionRegistry();
    const connections = add(registry, 6 * BLOCK_SIZE);
    // Of each block but the first so many stay that neighbours become one.
    const stay = new Set(connections.filter((_, at) => at < BLOCK_SIZE || at % 16 === 0));
    for (const direction of ['after', 'before'] as const) {
      const seen: number[] = [];
      let walked = 0;
      for (const connection of registry[direction](direction === 'after' ? 0 : Infinity)) {
        seen.push(connection.sequence);
        if (++walked % 500 === 0) await Promise.resolve();
        if (walked === 1_500 && direction === 'after')
          for (const each of connections) if (!stay.has(each)) registry.remove(each);
        if (walked === 700 && direction === 'before')
          for (const each of connections.slice(BLOCK_SIZE)) registry.remove(each);
      }
      const sorted = [...new Set(seen)].sort((one, other) => one - other);
      expect(direction === 'after' ? seen : seen.toReversed()).toEqual(sorted);
      expect(sorted).toEqual(expect.arrayContaining(sequencesOf(registry)));
    }
  });

  it('keep a connection as it was when it moves and when it has gone', () => {
    const registry = new ConnectionRegistry();
    const connections = add(registry, 3 * BLOCK_SIZE);
    const [kept, gone] = [connections[10]!, connections[11]!];
    for (const connection of [kept, gone]) {
      connection.lastPeerAt = 5_000 + connection.sequence;
      connection.lastHopAt = 6_000;
      connection.hasAnswered = true;
    }
    const before = kept.block;
    registry.remove(gone);
    gone.state = 'closed';
    for (const each of connections.slice(12, -1)) registry.remove(each);
    expect(kept.block).not.toBe(before);
    for (const connection of [kept, gone])
      expect(connection).toMatchObject({
        lastPeerAt: 5_000 + connection.sequence,
        lastHopAt: 6_000,
        hasAnswered: true,
        isHeldUp: false,
        openedAt: 0,
      });
    expect([kept.state, gone.state]).toEqual(['open', 'closed']);
    // Whoever holds on to a closed connection holds on to nobody else.
    expect(gone.block.records).toEqual([gone]);
    expect(before.records).toEqual([]);
  });

  it('take no connection that is older than those they hold', () => {
    const registry = new ConnectionRegistry();
    const old = new Connection(registry.nextSequence(), server, {}, undefined, peer, 0);
    add(registry, 1);
    expect(() => registry.add(old)).toThrow(RangeError);
  });
});
