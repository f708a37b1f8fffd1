import { describe, expect, it } from '@jest/globals';
import { MemoryFleetStore, type FleetStore } from 'nestjs-connection-health';

import { BoundedStore } from '../../lib/fleet/bounded.store.js';
import { NodeReaper } from '../../lib/fleet/node.reaper.js';
import { LifecycleBus } from '../../lib/lifecycle/lifecycle.bus.js';
import { useApps } from '../support/apps.js';
import { sleep, until } from '../support/wait.js';
import { FLEET_OPTIONS, FleetGateway } from './support/fleet.apps.js';

const BEAT_MS = 500;
const LEASE_MS = 2.4 * BEAT_MS;

/** A store that may lose the answer of a burial, or the burial itself. */
class UnsureStore extends MemoryFleetStore {
  fate: 'done' | 'unheard' | 'refused' = 'done';

  override async bury(...args: Parameters<FleetStore['bury']>): Promise<boolean> {
    const { fate } = this;
    this.fate = 'done';
    if (fate === 'refused') throw new Error('refused');
    const answer = await super.bury(...args);
    if (fate === 'unheard') throw new Error('unheard');
    return answer;
  }
}

/** Somebody who looks for the dead, and whom it has told of. */
function reaperOn(store: FleetStore): { reaper: NodeReaper; told: string[] } {
  const told: string[] = [];
  const bus = new LifecycleBus(Date.now, () => undefined);
  bus.on('fleet_node_lost', ({ node }) => void told.push(node));
  return { reaper: new NodeReaper({ store: new BoundedStore(store, 100), bus, storeNow: Date.now }), told };
}

/** Nodes that have beaten once, and never will again. */
async function dead(store: FleetStore, count: number): Promise<string[]> {
  const lives = Array.from({ length: count }, (_, at) => `dead${at}.1`);
  for (const life of lives) await store.beat({ life, isKnown: false, summary: '' });
  // Others were there all the time; while nobody could be heard, no lease runs out.
  const areOver = async (): Promise<boolean> => {
    const { now, entries } = await store.directory();
    return entries.every(({ expiresAt }) => expiresAt < now);
  };
  await until('the leases are over', areOver, LEASE_MS + 10_000);
  return lives;
}

describe('who reaps the dead', () => {
  it('buries all that died at once in one look, and tells of each', async () => {
    const store = new MemoryFleetStore({ beatMs: BEAT_MS });
    const lives = await dead(store, 30);
    const { reaper, told } = reaperOn(store);
    await reaper.look('reaper.1');
    // What is left waits for the next look: no more than three times ten.
    expect(told).toHaveLength(30);
    expect(new Set(told).size).toBe(lives.length);
    expect((await store.directory()).entries).toEqual([]);
  });

  it.each(['unheard', 'refused'] as const)('tells of a loss once where its burial was %s', async (fate) => {
    const store = new UnsureStore({ beatMs: BEAT_MS });
    await dead(store, 1);
    const [one, other] = [reaperOn(store), reaperOn(store)];
    store.fate = fate;
    await expect(one.reaper.look('one.1')).rejects.toThrow(fate);
    await other.reaper.look('other.1');
    expect([one.told, other.told]).toEqual([[], []]);
    // By another name meanwhile: the claim was made by the one before.
    await one.reaper.look('one.2');
    await one.reaper.look('one.2');
    await other.reaper.look('other.1');
    expect([one.told, other.told]).toEqual([['dead0'], []]);
  });

  it('tells once of a loss whose burial takes its time while that of another fails at once', async () => {
    const store = new MemoryFleetStore({ beatMs: BEAT_MS });
    await dead(store, 2);
    const { reaper, told } = reaperOn(store);
    const [clear, bury] = [store.clear.bind(store), store.bury.bind(store)];
    let fails = true;
    const slow: Partial<FleetStore> = {
      clear: async (life) => {
        if (fails && life === 'dead0.1') throw new Error('CLUSTERDOWN');
        return clear(life);
      },
      bury: async (order) => {
        await sleep(100);
        return bury(order);
      },
    };
    Object.assign(store, slow);
    await expect(reaper.look('reaper.1')).rejects.toThrow('CLUSTERDOWN');
    fails = false;
    await reaper.look('reaper.1');
    await sleep(200);
    expect(told).toEqual(['dead1']);
  });

  it('leaves a loss to another reaper whose claim it has become', async () => {
    const store = new UnsureStore({ beatMs: BEAT_MS });
    await dead(store, 1);
    const [one, other] = [reaperOn(store), reaperOn(store)];
    store.fate = 'refused';
    await expect(one.reaper.look('one.1')).rejects.toThrow('refused');
    const looking = async (): Promise<boolean> => {
      await other.reaper.look('other.1');
      return other.told.length > 0;
    };
    await until('the claim is over', looking, LEASE_MS + 5_000);
    await one.reaper.look('one.1');
    expect([one.told, other.told]).toEqual([[], ['dead0']]);
  });
});

describe('a lone survivor', () => {
  const start = useApps();

  it('finds who died also where every call to the store takes almost as long as it waits', async () => {
    const fleet = new MemoryFleetStore({ beatMs: BEAT_MS });
    const halfMs = 0.17 * BEAT_MS;
    const slow = new Proxy(fleet, {
      get(target, name, receiver) {
        const member: unknown = Reflect.get(target, name, receiver);
        if (typeof member !== 'function') return member;
        return async (...args: unknown[]): Promise<unknown> => {
          await sleep(halfMs);
          const answer: unknown = await member.apply(target, args);
          await sleep(halfMs);
          return answer;
        };
      },
    });
    const { service, events } = await start([FleetGateway], { ...FLEET_OPTIONS, fleet: slow });
    await until('it has joined', async () => (await fleet.directory()).entries.length === 1);
    await fleet.beat({ life: 'dead.1', isKnown: false, summary: '' });
    const losses = (): string[] =>
      events.flatMap((event) => (event.type === 'fleet_node_lost' ? [event.node] : []));
    await until('it is lost', () => losses().length > 0, 3 * BEAT_MS + 8_000);
    expect(losses()).toEqual(['dead']);
    expect(events.filter(({ type }) => type === 'fleet_rejoined')).toEqual([]);
    expect((await service.fleet.snapshot()).nodes).toBe(1);
  });

  it('goes on beating while it clears away many on a slow way', async () => {
    class SlowToClear extends MemoryFleetStore {
      override async clear(life: string): Promise<number> {
        await sleep(0.38 * BEAT_MS);
        return super.clear(life);
      }

      override async bury(...args: Parameters<FleetStore['bury']>): Promise<boolean> {
        await sleep(0.38 * BEAT_MS);
        return super.bury(...args);
      }
    }
    const fleet = new SlowToClear({ beatMs: BEAT_MS });
    const { service, events } = await start([FleetGateway], { ...FLEET_OPTIONS, fleet });
    const { nodeId } = service.fleet;
    await until('it has joined', async () => (await fleet.directory()).entries.length === 1);
    for (let at = 0; at < 29; at++) await fleet.beat({ life: `dead${at}.1`, isKnown: false, summary: '' });
    const losses = (): number => events.filter(({ type }) => type === 'fleet_node_lost').length;
    let leastMs = Infinity;
    await until(
      'all are lost',
      async () => {
        const { now, entries } = await fleet.directory();
        const own = entries.find(({ life }) => life.startsWith(nodeId))!;
        leastMs = Math.min(leastMs, own.expiresAt - now);
        return losses() === 29;
      },
      20_000,
    );
    // Of a lease of 1.2 s.
    expect(leastMs).toBeGreaterThan(0.5 * BEAT_MS);
  });
});
