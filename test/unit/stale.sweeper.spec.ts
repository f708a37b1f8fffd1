import { describe, expect, it } from '@jest/globals';

import { ConnectionCloser } from '../../lib/connection/connection.closer.js';
import type { Connection } from '../../lib/connection/connection.js';
import { ConnectionRegistry } from '../../lib/connection/connection.registry.js';
import { LifecycleBus } from '../../lib/lifecycle/lifecycle.bus.js';
import { StaleSweeper } from '../../lib/liveness/stale.sweeper.js';
import { Records } from '../support/records.js';

const STALE_AFTER = 90_000;
const MASS = { ratio: 0.5, minConnections: 4 };

function setUp(massTimeout: typeof MASS | false = false) {
  const records = new Records();
  const registry = new ConnectionRegistry();
  const turns: (() => void)[] = [];
  const pinged: Connection[] = [];
  const failures: unknown[] = [];
  const failed = (error: unknown): void => void failures.push(error);
  const servers = new Set<Connection['server']>();
  const bus = new LifecycleBus(() => records.clock.epoch(), failed);
  const held: { asked: number; silent: number }[] = [];
  bus.on('held', ({ asked, silent }) => held.push({ asked, silent }));
  const sweeper = new StaleSweeper({
    clock: records.clock,
    awake: records.awake,
    registry,
    closer: new ConnectionCloser({
      clock: records.awake,
      began: () => undefined,
      stuck: () => undefined,
      failed,
    }),
    bus,
    photographer: records.photographer,
    servers: () => servers,
    nextTurn: (run) => turns.push(run),
    massTimeout,
    ask: (connection) => pinged.push(connection),
    foundClosing: () => undefined,
    failed,
  });
  const open = (count: number): Connection[] => {
    const [first, ...others] = Array.from({ length: count }, () => records.make());
    // One server for all.
    for (const other of others) Object.assign(other, { server: first!.server });
    servers.add(first!.server);
    for (const connection of [first!, ...others]) registry.add(connection);
    return [first!, ...others];
  };
  /** Lets a scheduled sweep run to its end. */
  const sweepOnSchedule = async (): Promise<void> => {
    sweeper.tick(records.awake.now());
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { ...records, records, held, registry, sweeper, turns, pinged, failures, open, sweepOnSchedule };
}

describe('StaleSweeper', () => {
  it('closes who was silent for longer than allowed, and nobody else', async () => {
    const { open, sweeper, clock, driver } = setUp();
    const [, talker] = open(3);
    clock.stall(STALE_AFTER + 1);
    talker!.lastPeerAt = STALE_AFTER;
    expect(await sweeper.sweep({})).toMatchObject({ examined: 3, stale: 2, closed: 2, held: 0 });
    expect(driver.closes).toEqual([
      { code: 4000, text: 'stale connection' },
      { code: 4000, text: 'stale connection' },
    ]);
  });

  it('sweeps the others when a socket cannot be looked at (R11)', async () => {
    const { open, sweeper, clock, driver, failures } = setUp();
    const [odd] = open(3);
    clock.stall(STALE_AFTER + 1);
    const { socket } = odd!;
    Object.assign(driver, {
      isOpen: (each: object) => {
        if (each === socket) throw new Error('no look');
        return true;
      },
    });
    expect(await sweeper.sweep({})).toMatchObject({ examined: 3, stale: 2, closed: 2 });
    expect(failures).toEqual([new Error('no look')]);
  });

  it('only reports in a dry run', async () => {
    const { open, sweeper, clock, driver } = setUp();
    open(2);
    clock.stall(STALE_AFTER + 1);
    expect(await sweeper.sweep({ dryRun: true })).toMatchObject({ stale: 2, closed: 0, dryRun: true });
    expect(driver.closes).toEqual([]);
  });

  it('closes nobody who was heard of while the sweep let others run', async () => {
    const { open, sweeper, clock, turns, driver } = setUp();
    const [first] = open(5_000);
    clock.stall(STALE_AFTER + 1);
    // Each look takes its time, so that the sweep makes way for others.
    driver.isOpen = () => (clock.stall(0.001), true);
    const sweeping = sweeper.sweep({ staleAfterMs: STALE_AFTER });
    expect(turns).toHaveLength(1);
    first!.lastPeerAt = STALE_AFTER + 1;
    while (turns.length > 0) {
      turns.shift()!();
      await new Promise((resolve) => setImmediate(resolve));
    }
    const { closed, stale } = await sweeping;
    expect(first!.closing).toBeUndefined();
    expect({ closed, stale }).toEqual({ closed: 4_999, stale: 5_000 });
    expect(driver.closes).toHaveLength(4_999);
  });

  it('touches nobody who was heard of lately', async () => {
    const { open, sweeper, clock, driver } = setUp();
    const connections = open(3_000);
    clock.stall(STALE_AFTER + 1);
    for (const connection of connections.slice(0, 2_990)) connection.lastPeerAt = STALE_AFTER;
    let looked = 0;
    driver.isOpen = () => {
      looked++;
      return true;
    };
    expect(await sweeper.sweep({ dryRun: true })).toMatchObject({ examined: 3_000, stale: 10 });
    expect(looked).toBe(2 * 10);
  });

  it('looks at everybody where nothing is asked, since bytes that have come must be noted (R3)', async () => {
    const { records, registry, sweeper, clock } = setUp();
    const raw = { bytesRead: 0 };
    const connection = records.make({ heartbeat: false }, { raw });
    registry.add(connection);
    for (let second = 0; second < 200; second++) {
      clock.stall(1_000);
      raw.bytesRead += 10_000;
      await sweeper.sweep({});
    }
    expect(connection.closing).toBeUndefined();
    expect(connection.lastPeerAt).toBeGreaterThan(STALE_AFTER);
  });

  it('asks once more before it closes very many at once, and closes who stays silent (R7)', async () => {
    const { open, clock, pinged, driver, held, sweepOnSchedule } = setUp(MASS);
    const connections = open(4);
    await sweepOnSchedule();
    clock.stall(STALE_AFTER + 1);
    await sweepOnSchedule();
    expect(pinged).toEqual(connections);
    expect(held).toEqual(connections.map(() => ({ asked: 4, silent: 4 })));
    expect(driver.closes).toEqual([]);
    clock.stall(20_000);
    await sweepOnSchedule();
    expect(driver.closes).toHaveLength(4);
  });

  it('asks once more the next time too, who was held before and has been alive since (R7)', async () => {
    const { open, clock, awake, pinged, driver, sweepOnSchedule } = setUp(MASS);
    const connections = open(4);
    await sweepOnSchedule();
    clock.stall(STALE_AFTER + 1);
    await sweepOnSchedule();
    for (const connection of connections) connection.lastPeerAt = awake.now();
    clock.stall(3_600_000);
    pinged.length = 0;
    await sweepOnSchedule();
    expect(driver.closes).toEqual([]);
    expect(pinged).toEqual(connections);
  });
});
