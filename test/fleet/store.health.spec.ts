import { describe, expect, it } from '@jest/globals';

import type { Finding } from '../../lib/lifecycle/lifecycle.events.js';
import { StoreHealth } from '../../lib/fleet/store.health.js';

/** Remembers what it was told. */
class Board {
  readonly told: string[] = [];

  raise({ message }: Finding): void {
    this.told.push(message);
  }

  clear(signal: Finding['signal']): void {
    this.told.push(`${signal} is over`);
  }
}

describe('a store that fails', () => {
  it('is told of from the second attempt in a row on, with what it said', () => {
    const board = new Board();
    const health = new StoreHealth('redis', board);
    health.failed('beat', new Error('still connecting'));
    expect([health.isAway, board.told]).toEqual([true, []]);
    health.failed('beat', new Error('ECONNREFUSED'));
    expect(board.told).toEqual([
      expect.stringContaining("the fleet's store (redis) does not answer: ECONNREFUSED"),
    ]);
    health.answered('beat');
    expect([health.isAway, board.told.at(-1)]).toEqual([false, 'fleet_store_unreachable is over']);
    health.failed('beat', new Error('once more'));
    expect(board.told).toHaveLength(2);
  });

  it('is over when all that is attempted succeeds', () => {
    const board = new Board();
    const health = new StoreHealth('redis', board);
    for (const what of ['beat', 'look', 'beat', 'look']) health.failed(what, new Error('away'));
    board.told.length = 0;
    health.answered('look');
    expect([health.isAway, board.told]).toEqual([true, []]);
    health.answered('beat');
    expect([health.isAway, board.told]).toEqual([false, ['fleet_store_unreachable is over']]);
  });

  it.each([
    [undefined, 'undefined'],
    ['a\nline', 'a\\u000aline'],
    [Object.create(null), 'unprintable'],
    [new Error('x'.repeat(1_000)), `${'x'.repeat(200)}…`],
  ])('may throw whatever it likes', (thrown, told) => {
    const board = new Board();
    const health = new StoreHealth('own', board);
    health.failed('beat', thrown);
    health.failed('beat', thrown);
    expect(board.told[0]).toContain(`does not answer: ${told}.`);
  });
});
