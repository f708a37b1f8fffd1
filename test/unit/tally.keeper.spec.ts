import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';

import type { ConnectionEnd } from '../../lib/connection/connection.follower.js';
import type { Connection, GhostKind } from '../../lib/connection/connection.js';
import { TallyKeeper } from '../../lib/connection/tally.keeper.js';
import type { CloseReason } from '../../lib/protocol/close-reasons.js';
import { Records } from '../support/records.js';

function setUp() {
  const records = new Records();
  const tallies = new TallyKeeper();
  const open = (name?: string): Connection => {
    const connection = records.make({}, { name });
    tallies.watched(connection.server);
    tallies.opened(connection);
    return connection;
  };
  /** As the tracker does it: closing comes before closed, always. */
  const close = (connection: Connection, reason: CloseReason = 'clean', ghost?: GhostKind): void => {
    if (connection.state === 'open') begin(connection);
    tallies.closed(connection, { reason, ghost } as ConnectionEnd);
    connection.state = 'closed';
  };
  const begin = (connection: Connection): void => {
    connection.state = 'closing';
    tallies.closing(connection);
  };
  const total = (name = 'TestGateway') => tallies.totals().get(name)!;
  return { tallies, open, close, begin, total };
}

describe('TallyKeeper', () => {
  it('counts by gateway, whatever becomes of each, so that opened minus closed is what is active (R6)', () => {
    const actions = fc.array(
      fc.tuple(fc.nat({ max: 9 }), fc.constantFrom('open', 'begin', 'close', 'forget')),
    );
    fc.assert(
      fc.property(actions, (steps) => {
        const { tallies, open, close, begin, total } = setUp();
        const slots: (Connection | undefined)[] = [];
        open('TestGateway');
        for (const [at, step] of steps) {
          const connection = slots[at];
          if (connection === undefined) {
            slots[at] = open();
            continue;
          }
          if (step === 'begin' && connection.state === 'open') begin(connection);
          else if (step === 'close') close(connection);
          else if (step === 'forget') tallies.forgotten(connection);
          if (step === 'close' || step === 'forget') slots[at] = undefined;
        }
        const living = slots.filter((each) => each !== undefined);
        const { active, closing, opened, closed } = total();
        expect(active).toBe(living.length + 1);
        expect(closing).toBe(living.filter(({ state }) => state === 'closing').length);
        expect(opened - closed.clean).toBe(active);
      }),
    );
  });

  it('keeps reasons, kinds and gateways apart', () => {
    const { open, close, total } = setUp();
    close(open('A'), 'timeout', 'silent');
    close(open('A'), 'stale_sweep', 'proxy_answered');
    close(open('B'), 'error');
    expect(total('A').closed).toMatchObject({ timeout: 1, stale_sweep: 1, error: 0 });
    expect(total('A').ghosts).toEqual({ silent: 1, proxy_answered: 1, unknown: 0 });
    expect(total('B')).toMatchObject({ active: 0, opened: 1, closed: { error: 1 } });
  });

  it('takes nobody for a ghost twice: who was observed and is closed as one is observed no longer', () => {
    const { open, close, total } = setUp();
    const [swept, gone] = [open(), open()];
    for (const connection of [swept, gone]) {
      connection.sparedAs = 'silent';
      connection.server.tally.sparedGhosts.silent++;
    }
    expect(total().sparedGhosts.silent).toBe(2);
    close(swept, 'stale_sweep', 'proxy_answered');
    // This one ended by itself: nobody knows more of it than before.
    close(gone, 'error');
    expect(total().sparedGhosts.silent).toBe(1);
    expect(total().ghosts).toEqual({ silent: 0, proxy_answered: 1, unknown: 0 });
  });

  it('keeps what was counted of a server that is watched no longer, once, under the name it had', () => {
    const { tallies, open, close, total } = setUp();
    const connection = open('A');
    close(connection, 'timeout', 'silent');
    tallies.released(connection.server);
    tallies.released(connection.server);
    expect(total('A')).toMatchObject({ opened: 1, closed: { timeout: 1 }, ghosts: { silent: 1 } });
    expect([...tallies]).toEqual([]);
    const again = open('A');
    expect(total('A')).toMatchObject({ opened: 2, active: 1 });
    expect([...tallies]).toEqual([again.server]);
  });
});
