import { afterEach, describe, expect, it, jest } from '@jest/globals';
import type { ConnectionHealthModuleOptions } from 'nestjs-connection-health';

import { AwakeClock } from '../../lib/clock/awake.clock.js';
import type { ConnectionEnd } from '../../lib/connection/connection.follower.js';
import { ConnectionHistory } from '../../lib/connection/connection.history.js';
import { Connection } from '../../lib/connection/connection.js';
import { LifecycleBus } from '../../lib/lifecycle/lifecycle.bus.js';
import type { Finding } from '../../lib/lifecycle/lifecycle.events.js';
import { FindingsBoard } from '../../lib/signals/findings.board.js';
import { LeakFinder } from '../../lib/signals/leak.finder.js';
import type { LeakSettings } from '../../lib/signals/leak.settings.js';
import { Records } from '../support/records.js';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const LOOK = 10 * SECOND;
const NOBODY = { silent: 0, proxy_answered: 0, unknown: 0 };

/** The finder with everything real around it but sockets, ten seconds at a time. */
class World {
  readonly records = new Records();
  readonly clock = this.records.clock;
  readonly awake = new AwakeClock(this.clock, LOOK);
  readonly bus = new LifecycleBus(
    () => this.clock.epoch(),
    (error) => this.failures.push(error),
  );
  readonly failures: unknown[] = [];
  readonly board = new FindingsBoard(this.bus);
  readonly history = new ConnectionHistory();
  readonly connections = new Set<Connection>();
  readonly told: string[] = [];
  private readonly template: Connection;
  private sequence = 0;
  readonly finder: LeakFinder;
  /** Whether those who were not told to be silent answer. */
  readonly silent = new Set<Connection>();
  looks = 0;

  constructor(settings: Partial<LeakSettings> = {}, options: ConnectionHealthModuleOptions = {}) {
    this.template = this.records.make(options);
    this.bus.on('finding_raised', ({ finding: { signal, severity } }) =>
      this.told.push(`+${signal} ${severity}`),
    );
    this.bus.on('finding_cleared', ({ finding: { signal } }) => this.told.push(`-${signal}`));
    this.finder = new LeakFinder({
      settings: { growthPerHour: 100, staleRatio: 0.5, ghostsPerHour: 60, minSample: 50, ...settings },
      clock: this.clock,
      awake: this.awake,
      connections: {
        [Symbol.iterator]: () => {
          this.looks++;
          return this.connections.values();
        },
      },
      history: this.history,
      servers: () => [this.template.server],
      bus: this.bus,
      board: this.board,
      failed: (error) => this.failures.push(error),
    });
  }

  open(count: number, identity?: string): Connection[] {
    const { server, peer } = this.template;
    return Array.from({ length: count }, () => {
      const raw = { readableEnded: true };
      const connection = new Connection(++this.sequence, server, {}, raw, peer, this.awake.now());
      Object.assign(connection, { identity, hasAnswered: true });
      this.connections.add(connection);
      return connection;
    });
  }

  close(connection: Connection, end: Partial<ConnectionEnd> = {}): void {
    this.connections.delete(connection);
    for (const follower of this.finder.followers) {
      follower.closing?.(connection);
      follower.closed?.(connection, { reason: 'clean', receivedCode: 1000, ...end } as ConnectionEnd);
    }
  }

  /** The loop runs, and everybody who is not silent answers. */
  async pass(ms: number, each: (elapsedMs: number) => void = () => undefined): Promise<void> {
    for (let elapsed = 0; elapsed < ms; elapsed += LOOK) {
      this.clock.stall(LOOK);
      this.awake.observe();
      each(elapsed);
      for (const connection of this.connections)
        if (!this.silent.has(connection)) connection.lastPeerAt = this.awake.now();
      await this.look();
    }
  }

  async look(): Promise<void> {
    this.history.note(this.clock.monotonic(), () => ({
      at: this.clock.epoch(),
      active: this.connections.size,
      closing: 0,
      identities: new Set([...this.connections].flatMap(({ identity }) => identity ?? [])).size,
      opened: 0,
      closed: {} as never,
      ghosts: NOBODY,
      spared: NOBODY,
    }));
    this.finder.tick();
    this.clock.poll();
    await new Promise((resolve) => setImmediate(resolve));
  }

  find(signal: Finding['signal']): Finding | undefined {
    return this.board.list().find((finding) => finding.signal === signal);
  }
}

// Days are computed.
jest.setTimeout(60_000);

describe('LeakFinder', () => {
  let world: World;
  afterEach(() => {
    if (world.failures.length > 0) throw world.failures[0];
  });

  it('finds nothing in a healthy day of people who come and go', async () => {
    world = new World();
    let number = 0;
    await world.pass(24 * HOUR, (elapsed) => {
      const wanted = 300 + 200 * Math.sin((elapsed / HOUR) * ((2 * Math.PI) / 24));
      while (world.connections.size < wanted) world.open(1, `person ${++number}`);
      const [oldest] = world.connections;
      if (world.connections.size > wanted || elapsed % MINUTE === 0)
        world.close(oldest!, elapsed % HOUR === 0 ? { reason: 'timeout', ghost: 'silent' } : {});
    });
    expect(world.told).toEqual([]);
  });

  it('finds growth from one and a half hours after boot on, not in the crowd that comes at boot', async () => {
    world = new World();
    world.open(300, 'the first');
    await world.pass(HOUR, () => world.open(1, 'the first'));
    expect(world.told).toEqual([]);
    await world.pass(29 * MINUTE, () => world.open(1, 'the first'));
    expect(world.told).toEqual([]);
    await world.pass(2 * MINUTE, () => world.open(1, 'the first'));
    expect(world.told).toEqual(['+growth warning']);
    await world.pass(2 * HOUR);
    expect(world.told).toEqual(['+growth warning', '-growth']);
  });

  it('finds growth without identities worth information only', async () => {
    world = new World();
    await world.pass(2 * HOUR, () => world.open(1));
    expect(world.told).toEqual(['+growth info']);
  });

  it('finds the stale, calls them proven after a minute, and is content when they are gone', async () => {
    world = new World();
    const [ghosts] = [world.open(1506), world.open(45)];
    for (const ghost of ghosts) world.silent.add(ghost);
    await world.pass(5 * MINUTE - LOOK);
    expect(world.told).toEqual([]);
    await world.pass(2 * LOOK);
    expect(world.told).toEqual(['+stale_ratio warning']);
    expect(world.find('stale_ratio')!.message).toContain('1506 of 1551 connections');
    await world.pass(50 * SECOND);
    expect(world.told).toEqual(['+stale_ratio warning']);
    await world.pass(20 * SECOND);
    expect(world.told).toEqual(['+stale_ratio warning', '+stale_ratio critical']);
    for (const ghost of ghosts) world.close(ghost);
    await world.pass(2 * MINUTE);
    expect(world.told).toEqual(['+stale_ratio warning', '+stale_ratio critical', '-stale_ratio']);
  });

  it.each([10 * MINUTE, 5 * HOUR])(
    'finds no stale ones after %d ms in which we were suspended (R2)',
    async (ms) => {
      world = new World();
      world.open(200);
      await world.pass(MINUTE);
      world.clock.stall(ms);
      world.awake.observe();
      await world.look();
      await world.pass(10 * MINUTE);
      expect(world.told).toEqual([]);
    },
  );

  it.each([100 * HOUR, -100 * HOUR])('does not mind when the system date jumps by %d ms', async (ms) => {
    world = new World();
    world.open(200, 'somebody');
    await world.pass(3 * HOUR, (elapsed) => {
      if (elapsed === HOUR || elapsed === 2 * HOUR + 5 * MINUTE) world.clock.startEpoch += ms;
      // Few ghosts an hour, which must stay so.
      if (elapsed % (5 * MINUTE) === 0)
        world.close(world.open(1)[0]!, { reason: 'timeout', ghost: 'silent' });
    });
    expect(world.told).toEqual([]);
  });

  it('finds growth all the same when the system date has jumped within the hour', async () => {
    world = new World();
    world.open(200, 'somebody');
    await world.pass(100 * MINUTE, (elapsed) => {
      if (elapsed === 80 * MINUTE) world.clock.startEpoch -= 100 * HOUR;
      if (elapsed > HOUR) world.open(1, 'somebody');
    });
    expect(world.told).toEqual(['+growth warning']);
    expect(world.find('growth')!.message).toMatch(/ more than (39|40) minutes ago/);
  });

  it('finds ghosts that keep coming, and those behind a proxy, and clears both when they stop', async () => {
    world = new World();
    world.open(100);
    await world.pass(HOUR, (elapsed) => {
      if (elapsed % 30_000 === 0)
        world.close(world.open(1)[0]!, { reason: 'timeout', ghost: 'proxy_answered' });
    });
    expect(world.told).toEqual(['+ghosts_behind_terminating_proxy warning', '+ghost_rate warning']);
    expect(world.find('ghost_rate')!.message).toMatch(
      /^(18|19|20) connections were closed in the last 10 minutes/,
    );
    await world.pass(20 * MINUTE);
    expect(world.told.slice(2)).toEqual(['-ghost_rate', '-ghosts_behind_terminating_proxy']);
  });

  it('does not flap over ghosts that come at the limit by chance, hour after hour', async () => {
    world = new World();
    world.open(100);
    let random = 12_345;
    const dice = (): number => (random = (random * 1_103_515_245 + 12_345) % 2 ** 31) / 2 ** 31;
    await world.pass(24 * HOUR, () => {
      if (dice() < LOOK / MINUTE) world.close(world.open(1)[0]!, { reason: 'timeout', ghost: 'silent' });
    });
    // Chance halves or doubles a rate of ten in ten minutes now and then, not time after time.
    expect(world.told.length).toBeLessThanOrEqual(8);
  });

  it('finds what cuts idle connections', async () => {
    world = new World({}, { heartbeat: { intervalMs: 600_000 } });
    world.open(100);
    let idle: { connection: Connection; since: number }[] = [];
    await world.pass(30 * MINUTE, (elapsed) => {
      if (elapsed % MINUTE === 0) idle.push({ connection: world.open(1)[0]!, since: elapsed });
      for (const { connection } of idle) world.silent.add(connection);
      for (const { connection, since } of idle)
        if (elapsed - since === MINUTE) world.close(connection, { reason: 'error', receivedCode: 1006 });
      idle = idle.filter(({ since }) => elapsed - since < MINUTE);
    });
    expect(world.told).toEqual(['+idle_cut warning']);
    expect(world.find('idle_cut')!.message).toContain('a limit of 60 s');
    await world.pass(80 * MINUTE);
    expect(world.told).toEqual(['+idle_cut warning', '-idle_cut']);
  });

  it('finds sockets that keep failing', async () => {
    world = new World({ minSample: 10 });
    await world.pass(HOUR, () =>
      world.close(world.open(1)[0]!, { receivedCode: 1006, errorCode: 'ECONNRESET' }),
    );
    expect(world.told).toEqual(['+socket_errors warning']);
    await world.pass(20 * MINUTE);
    expect(world.told).toEqual(['+socket_errors warning', '-socket_errors']);
  });

  it('looks every ten seconds, and never twice at a time', async () => {
    world = new World();
    world.open(12_000);
    for (let ticks = 0; ticks < 40; ticks++) {
      world.clock.stall(SECOND / 4);
      world.finder.tick();
    }
    expect(world.looks).toBe(1);
    world.clock.stall(LOOK);
    world.finder.tick();
    // The first look waits for its next turn.
    expect(world.looks).toBe(1);
    for (let turns = 0; turns < 3; turns++) {
      world.clock.poll();
      await new Promise((resolve) => setImmediate(resolve));
    }
    world.finder.tick();
    expect(world.looks).toBe(2);
  });

  it('looks again after a look that failed', async () => {
    world = new World();
    const [bad] = world.open(1);
    Object.defineProperty(bad!, 'lastPeerAt', {
      get: () => {
        throw new Error('unreadable');
      },
    });
    await world.look();
    expect(world.failures).toMatchObject([{ message: 'unreadable' }]);
    world.failures.length = 0;
    world.connections.clear();
    world.clock.stall(LOOK);
    world.finder.tick();
    expect(world.looks).toBe(2);
  });
});
