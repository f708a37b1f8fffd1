import { describe, expect, it } from '@jest/globals';

import type { CloseOrder, ConnectionCloser } from '../../lib/connection/connection.closer.js';
import type { Connection } from '../../lib/connection/connection.js';
import { ConnectionRegistry } from '../../lib/connection/connection.registry.js';
import { ConnectionDrain, type DrainableServer } from '../../lib/drain/connection.drain.js';
import { drainTurnOf, type DrainSettings } from '../../lib/drain/drain.plan.js';
import { LifecycleBus } from '../../lib/lifecycle/lifecycle.bus.js';
import type { LifecycleEvent } from '../../lib/lifecycle/lifecycle.events.js';
import { Records } from '../support/records.js';

const SETTINGS: DrainSettings = {
  readinessDelayMs: 1_000,
  spreadMs: 2_000,
  timeoutMs: 10_000,
  reconnectSpreadMs: 30_000,
};

function setUp(count: number, settings: Partial<DrainSettings> = {}, { hooks = Promise.resolve() } = {}) {
  const records = new Records();
  const registry = new ConnectionRegistry();
  const connections = Array.from({ length: count }, () => records.make());
  for (const connection of connections) registry.add(connection);
  const events: LifecycleEvent[] = [];
  const closedAt = new Map<Connection, number>();
  const told = new Map<Connection, number>();
  const refused: number[] = [];
  const bus = new LifecycleBus(
    () => 0,
    (error) => {
      throw error;
    },
  );
  bus.events$.subscribe((event) => events.push(event));
  const isFrozen = new Set<Connection>();
  const closer = {
    close: (connection: Connection, { reason }: CloseOrder): boolean => {
      expect(reason).toBe('shutdown');
      closedAt.set(connection, records.clock.monotonic());
      connection.state = isFrozen.has(connection) ? 'closing' : 'closed';
      return true;
    },
  };
  const refuseUpgrades = (_server: object, retryAfterS: number): (() => void) => {
    refused.push(retryAfterS);
    return () => refused.pop();
  };
  const server = { driver: { ...records.driver, refuseUpgrades }, server: {} } as unknown as DrainableServer;
  const drain = new ConnectionDrain({
    clock: records.clock,
    registry,
    closer: closer as unknown as ConnectionCloser,
    bus,
    settings: { ...SETTINGS, ...settings },
    servers: () => [server],
    hooksSettled: () => hooks,
    farewell: (connection, reconnectInMs) => told.set(connection, reconnectInMs),
  });
  /** Time passes in small steps, so that what waits for one another gets its turns. */
  const pass = async (ms: number): Promise<void> => {
    for (let passed = 0; passed < ms; passed += 50) {
      records.clock.advance(50);
      for (let turn = 0; turn < 8; turn++) await Promise.resolve();
    }
  };
  const make = records.make.bind(records);
  return { ...records, make, drain, server, connections, events, closedAt, told, refused, isFrozen, pass };
}

describe('ConnectionDrain', () => {
  it('refuses newcomers at once, and closes nobody before the readiness delay is over', async () => {
    const { drain, pass, closedAt, refused, events } = setUp(10);
    const drained = drain.drain();
    expect(drain.isDraining).toBe(true);
    expect(refused).toEqual([32]);
    expect(events).toMatchObject([{ type: 'drain_started', connections: 10 }]);
    await pass(950);
    expect(closedAt.size).toBe(0);
    await pass(1_000);
    expect(closedAt.size).toBe(10);
    expect(await drained).toMatchObject({ connections: 10, closed: 10 });
    expect(events.at(-1)).toMatchObject({ type: 'drained' });
  });

  it('tells everybody when to come back before it closes, and spreads closes over the time', async () => {
    const { drain, pass, closedAt, told, connections } = setUp(1_000);
    const drained = drain.drain();
    await pass(4_000);
    await drained;
    expect([...told.keys()]).toEqual(connections);
    const times = [...closedAt.values()];
    const perHalfSecond = [0, 1, 2, 3].map(
      (part) => times.filter((at) => Math.floor((at - 1_001) / 500) === part).length,
    );
    for (const closes of perHalfSecond) expect(closes).toBeGreaterThan(200);
    expect(Math.max(...times)).toBeLessThanOrEqual(1_000 + 2_000 + 50);
  });

  it('closes who would come too late for the deadline right before it', async () => {
    const { drain, pass, closedAt } = setUp(1_000, {
      readinessDelayMs: 0,
      spreadMs: 60_000,
      timeoutMs: 1_000,
    });
    const drained = drain.drain();
    await pass(1_100);
    expect(await drained).toMatchObject({ connections: 1_000, closed: 1_000 });
    expect(Math.max(...closedAt.values())).toBeLessThanOrEqual(1_000);
  });

  it('waits for who does not answer until the deadline, and no longer', async () => {
    const { drain, pass, isFrozen, connections, clock } = setUp(5);
    isFrozen.add(connections[0]!);
    const drained = drain.drain();
    await pass(12_000);
    const report = await drained;
    expect(report).toMatchObject({ connections: 5, closed: 4 });
    expect(report.durationMs).toBeLessThanOrEqual(11_050);
    expect(clock.timerCount).toBe(0);
  });

  it('waits for hooks that are under way, and not for one that never ends', async () => {
    const quick = setUp(1, {}, { hooks: Promise.resolve() });
    const drained = quick.drain.drain();
    await quick.pass(2_000);
    expect((await drained).durationMs).toBeLessThan(2_000);
    expect(quick.clock.timerCount).toBe(0);

    let end: (() => void) | undefined;
    const slow = setUp(1, {}, { hooks: new Promise<void>((resolve) => (end = resolve)) });
    let isOver = false;
    void slow.drain.drain().then(() => (isOver = true));
    await slow.pass(5_000);
    expect(isOver).toBe(false);
    end!();
    await slow.pass(100);
    expect(isOver).toBe(true);

    const endless = setUp(1, {}, { hooks: new Promise(() => undefined) });
    const late = endless.drain.drain();
    await endless.pass(12_000);
    expect((await late).durationMs).toBeLessThanOrEqual(11_050);
    expect(endless.clock.timerCount).toBe(0);
  });

  it('drains once: whoever calls again gets the same report', async () => {
    const { drain, pass, refused, events } = setUp(1);
    const [first, second] = [drain.drain(), drain.drain()];
    await pass(2_000);
    expect(await second).toBe(await first);
    expect(refused).toHaveLength(1);
    expect(events.filter(({ type }) => type === 'drain_started')).toHaveLength(1);
    drain.release();
    expect(refused).toEqual([]);
  });

  it('sends away who slips in while it drains, after its gateway has seen it, and nobody before', async () => {
    const { drain, pass, make, clock, closedAt, told } = setUp(0);
    const early = make();
    drain.opened(early);
    void drain.drain();
    const late = make();
    drain.opened(late);
    expect(closedAt.size).toBe(0);
    clock.poll();
    expect([...closedAt.keys()]).toEqual([late]);
    expect(told.get(late)).toBeLessThanOrEqual(30_000);
    await pass(2_000);
    expect(early.state).toBe('open');
  });

  it('lets a server that is watched only now take nobody in either', async () => {
    const { drain, pass, server, refused } = setUp(0);
    drain.watched(server);
    expect(refused).toEqual([]);
    void drain.drain();
    drain.watched(server);
    expect(refused).toEqual([32, 32]);
    await pass(2_000);
    drain.release();
    expect(refused).toEqual([]);
  });
});

describe('drainTurnOf', () => {
  it('never leaves the two spans, is in order, and lets returns come back at equal distances', () => {
    const turns = Array.from({ length: 5_000 }, (_, index) => drainTurnOf(index, 5_000, SETTINGS));
    const returns = turns.map(({ closeAfterMs, reconnectInMs }) => closeAfterMs + reconnectInMs);
    expect(Math.max(...turns.map(({ closeAfterMs }) => closeAfterMs))).toBeLessThanOrEqual(2_000);
    expect(Math.max(...turns.map(({ reconnectInMs }) => reconnectInMs))).toBeLessThanOrEqual(30_000);
    const steps = returns.slice(1).map((at, index) => at - returns[index]!);
    expect(Math.min(...steps)).toBeGreaterThanOrEqual(5);
    expect(Math.max(...steps)).toBeLessThanOrEqual(8);
  });

  it('makes a handful wait no longer than a handful needs', () => {
    expect(drainTurnOf(2, 3, SETTINGS).closeAfterMs).toBeLessThanOrEqual(15);
  });
});
