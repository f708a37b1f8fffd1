import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';

import { AwakeClock } from '../../lib/clock/awake.clock.js';
import { Crowd } from '../../lib/connection/crowd.js';
import { LifecycleBus } from '../../lib/lifecycle/lifecycle.bus.js';
import { FindingsBoard } from '../../lib/signals/findings.board.js';
import { TroubleFinder } from '../../lib/signals/trouble.finder.js';
import { FakeClock } from '../support/fake.clock.js';

const LOOK = 10_000;
const TICK = 250;

function setUp() {
  const clock = new FakeClock();
  const awake = new AwakeClock(clock, 2 * TICK);
  const bus = new LifecycleBus(
    () => clock.epoch(),
    (error) => {
      throw error;
    },
  );
  const board = new FindingsBoard(bus);
  const told: string[] = [];
  bus.on('finding_raised', ({ finding: { signal } }) => told.push(`+${signal}`));
  bus.on('finding_cleared', ({ finding: { signal } }) => told.push(`-${signal}`));
  const crowd = new Crowd(3);
  const troubles = { connections: 100, isAnswerWanted: true, stuck: 0, mismatches: 0, backpressured: 0 };
  const finder = new TroubleFinder({ clock, awake, crowd, board, troubles: () => ({ ...troubles }) });
  finder.tick();
  /** Lets time pass, in which the loop is blocked for a share of it. */
  const pass = (ms: number, blocked = 0): void => {
    for (let passed = 0; passed < ms; passed += LOOK) {
      for (let ticked = 0; ticked < LOOK * (1 - blocked); ticked += TICK) {
        clock.stall(TICK);
        awake.observe();
        finder.tick();
      }
      clock.stall(LOOK * blocked);
      awake.observe();
      finder.tick();
    }
  };
  return { board, told, crowd, troubles, pass };
}

describe('TroubleFinder', () => {
  it('finds nothing where nothing is wrong', () => {
    const { told, pass } = setUp();
    pass(600_000);
    expect(told).toEqual([]);
  });

  it('finds a loop that is blocked more than half of the time, until it is blocked less than a quarter', () => {
    const { board, told, pass } = setUp();
    pass(60_000, 0.45);
    expect(told).toEqual([]);
    pass(60_000, 0.7);
    expect(told).toEqual(['+loop_overloaded']);
    expect(board.list()[0]!.message).toMatch(/^the event loop was blocked for 6\d % of the last 10 s/);
    pass(60_000, 0.4);
    expect(told).toEqual(['+loop_overloaded']);
    pass(60_000, 0.1);
    expect(told).toEqual(['+loop_overloaded', '-loop_overloaded']);
  });

  it('finds clients that do not answer, until one does', () => {
    const { board, told, crowd, pass } = setUp();
    for (let asked = 0; asked < 2; asked++) crowd.noteAsked();
    pass(LOOK);
    expect(told).toEqual([]);
    crowd.noteAsked();
    pass(LOOK);
    expect(board.list()).toMatchObject([{ signal: 'clients_do_not_answer', severity: 'critical' }]);
    expect(board.list()[0]!.message).toContain('(100 are connected)');
    crowd.noteAnswered();
    pass(LOOK);
    expect(told).toEqual(['+clients_do_not_answer', '-clients_do_not_answer']);
  });

  it('lets go of clients that do not answer when they have left', () => {
    const { told, crowd, troubles, pass } = setUp();
    for (let asked = 0; asked < 3; asked++) crowd.noteAsked();
    pass(LOOK);
    troubles.connections = 0;
    pass(60_000);
    expect(told).toEqual(['+clients_do_not_answer', '-clients_do_not_answer']);
  });

  it('only informs of clients that do not answer where none is held to it: they are being won over', () => {
    const { board, crowd, troubles, pass } = setUp();
    troubles.isAnswerWanted = false;
    for (let asked = 0; asked < 3; asked++) crowd.noteAsked();
    pass(LOOK);
    expect(board.list()).toMatchObject([{ signal: 'clients_do_not_answer', severity: 'info' }]);
    expect(board.list()[0]!.next_step).toContain('heartbeat.enforce to "always"');
  });

  it('takes a process that was suspended once for no overloaded one', () => {
    const { told, pass } = setUp();
    pass(30_000);
    pass(LOOK, 0.9);
    pass(30_000);
    expect(told).toEqual([]);
    pass(2 * LOOK, 0.9);
    expect(told).toEqual(['+loop_overloaded']);
  });

  it.each([
    [100, 9, 'info'],
    [100, 10, 'warning'],
    [5_000, 49, 'info'],
    [5_000, 50, 'warning'],
  ])(
    'of %d connections with %d slow readers makes a finding of severity %s',
    (connections, slow, severity) => {
      const { board, troubles, pass } = setUp();
      Object.assign(troubles, { connections, backpressured: slow });
      pass(LOOK);
      expect(board.list()).toMatchObject([{ signal: 'backpressure', severity }]);
    },
  );

  it.each([
    ['close_stuck', 'stuck', '70 destroyed sockets have not reported their end', 60_000],
    ['backpressure', 'backpressured', '70 of 100 connections read more slowly than they are sent to', 60_000],
    ['registry_mismatch', 'mismatches', '70 sockets and tracked connections did not agree', 300_000],
  ] as const)(
    'finds %s with its number, until nothing of it is left for a while',
    (signal, key, message, calmMs) => {
      const { board, told, troubles, pass } = setUp();
      troubles[key] = 70;
      pass(LOOK);
      expect(board.list()).toMatchObject([{ signal, severity: 'warning' }]);
      expect(board.list()[0]!.message).toContain(message);
      troubles[key] = 0;
      pass(calmMs - LOOK);
      expect(told).toEqual([`+${signal}`]);
      pass(LOOK);
      expect(told).toEqual([`+${signal}`, `-${signal}`]);
    },
  );

  it('does not flap over slow readers that come and go, nor over a registry that is mended with each sweep', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 1 }), (pauses) => {
        const { told, troubles, pass } = setUp();
        for (const pause of pauses) {
          Object.assign(troubles, { backpressured: 1, mismatches: 1 });
          pass(LOOK);
          Object.assign(troubles, { backpressured: 0, mismatches: 0 });
          pass(pause * LOOK);
        }
        expect(told).toEqual(['+registry_mismatch', '+backpressure']);
      }),
      { numRuns: 20 },
    );
  });
});
