import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { MemoryFleetStore, type FleetStore } from 'nestjs-connection-health';

import { BoundedStore } from '../../lib/fleet/bounded.store.js';
import { ConnectionMirror } from '../../lib/fleet/connection.mirror.js';
import type { Mirrored } from '../../lib/fleet/fleet.source.js';
import { LeaseKeeper } from '../../lib/fleet/lease.keeper.js';
import { AWAY_BEATS, LEASE_BEATS } from '../../lib/fleet/fleet.store.js';
import { decodeRecord } from '../../lib/fleet/record.codec.js';
import { sleep } from '../support/wait.js';

/** What becomes of a call: it is done; it fails and is not done; it is done and its answer is lost. */
type Fate = 'done' | 'refused' | 'unheard';

/** Somebody is about to reap a life. */
function claim(store: MemoryFleetStore, life: string): void {
  const claims = Reflect.get(store, 'claims') as Map<string, object>;
  claims.set(life, { reaper: 'other.1', until: Infinity });
}

/** A store whose calls meet a fate of the test's choosing; done when none is left. */
function fateful(store: FleetStore, fates: Fate[]): FleetStore {
  return new Proxy(store, {
    get(target, name, receiver) {
      const member: unknown = Reflect.get(target, name, receiver);
      if (typeof member !== 'function') return member;
      return async (...args: unknown[]): Promise<unknown> => {
        const fate = fates.shift() ?? 'done';
        if (fate === 'refused') throw new Error('refused');
        const answer: unknown = await member.apply(target, args);
        if (fate === 'unheard') throw new Error('unheard');
        return answer;
      };
    },
  });
}

class Node {
  readonly store = new MemoryFleetStore({ beatMs: 10_000 });
  readonly fates: Fate[] = [];
  readonly causes: string[] = [];
  readonly live: Mirrored[] = [];
  shiftMs = 0;
  readonly mirror = new ConnectionMirror<Mirrored>((time) => time);
  readonly lease = new LeaseKeeper({
    store: new BoundedStore(fateful(this.store, this.fates), 100),
    mirror: this.mirror,
    nodeId: 'node',
    now: () => Date.now() + this.shiftMs,
    rejoined: (cause) => this.causes.push(cause),
  });
  private sequence = 0;

  open(): void {
    const sequence = ++this.sequence;
    const connection = {
      sequence,
      identity: `user-${sequence % 5}`,
      openedAt: 0,
      lastActivityAt: 0,
      server: { name: 'Gate' },
      transport: 'ws',
      peer: { address: undefined },
    };
    this.live.push(connection);
    this.mirror.put(connection);
  }

  close(which: number): void {
    const [gone] = this.live.splice(which % Math.max(1, this.live.length), 1);
    if (gone !== undefined) this.mirror.drop(gone);
  }

  async beat(): Promise<void> {
    await this.lease.beat(() => 'summary');
  }

  /** The connections that others see: those of whoever is in the directory. */
  async seen(): Promise<number[]> {
    const { entries } = await this.store.directory();
    const fields = Array.from({ length: this.mirror.end }, (_, place) => place.toString(36));
    const records = await Promise.all(entries.map(({ life }) => this.store.read(life, 'records', fields)));
    return records
      .flat()
      .filter((text) => text !== undefined)
      .map((text) => decodeRecord(text)!.sequence)
      .sort((one, other) => one - other);
  }
}

describe('a node that keeps its lease', () => {
  it('has everything in the store after one beat that succeeds, whatever became of the calls before', async () => {
    const fate = fc.constantFrom<Fate>('done', 'done', 'done', 'refused', 'unheard');
    const step = fc.oneof(
      fc.record({ what: fc.constant('open' as const) }),
      fc.record({ what: fc.constant('close' as const), which: fc.nat(50) }),
      fc.record({ what: fc.constant('beat' as const), fates: fc.array(fate, { maxLength: 6 }) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const node = new Node();
        for (const each of steps)
          if (each.what === 'open') node.open();
          else if (each.what === 'close') node.close(each.which);
          else {
            node.fates.splice(0, Infinity, ...each.fates);
            await node.beat().catch(() => undefined);
          }
        node.fates.length = 0;
        await node.beat();
        expect(await node.seen()).toEqual(node.live.map(({ sequence }) => sequence));
        expect(node.lease.isComplete).toBe(true);
        // One life, with all that the others have left gone.
        expect(node.store.held().filter((name) => !name.includes(` ${node.lease.life}`))).toEqual([]);

        await node.lease.leave();
        expect(node.store.held()).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });

  it('goes on where its lease was over and nobody had noticed, and begins anew where it was reaped', async () => {
    const node = new Node();
    node.open();
    await node.beat();
    const { life } = node.lease;
    await node.beat();
    expect([node.lease.life, node.causes]).toEqual([life, []]);

    claim(node.store, life);
    await node.beat();
    expect(node.causes).toEqual(['reaped']);
    expect(node.lease.life).not.toBe(life);
    // What is being reaped is left to its reaper, who has it to tell of.
    expect((await node.store.directory()).entries.map((each) => each.life)).toEqual([life, node.lease.life]);
  });

  it('writes everything anew where records are missing that were written', async () => {
    const node = new Node();
    node.open();
    node.open();
    await node.beat();
    await node.beat();
    await node.store.leave(node.lease.life);
    await node.beat();
    expect([node.causes, await node.seen()]).toEqual([['forgotten'], [1, 2]]);
  });

  it('writes everything anew where the last writes are missing, however many records there are', async () => {
    const node = new Node();
    node.open();
    await node.beat();
    node.close(0);
    node.open();
    const write = node.store.write.bind(node.store);
    // It has answered, and failed over to a server that had not heard of it.
    Object.assign(node.store, { write: async () => 2 } satisfies Partial<FleetStore>);
    await node.beat();
    expect(await node.seen()).toEqual([1]);
    Object.assign(node.store, { write });
    await node.beat();
    expect([node.causes, await node.seen()]).toEqual([['forgotten'], [2]]);
  });

  it('is content with writes in another order, and with writes that arrive twice', async () => {
    const node = new Node();
    for (let count = 0; count < 3_000; count++) node.open();
    const write = node.store.write.bind(node.store);
    let calls = 0;
    const anyOrder: FleetStore['write'] = async (...args) => {
      const call = ++calls;
      await sleep(10 - (call % 4) * 2);
      if (call === 2) await write(...args);
      return write(...args);
    };
    Object.assign(node.store, { write: anyOrder });
    await node.beat();
    await node.beat();
    expect(calls).toBeGreaterThan(4);
    expect([node.causes, node.lease.isComplete, (await node.seen()).length]).toEqual([[], true, 3_000]);
  });

  describe('and has much to write on a slow way', () => {
    const CONNECTIONS = 20_000;
    // Four at a time are answered as late as a node waits for an answer.
    const CALL_MS = 900;

    /** A node whose writes take long, and the times at which it beat. */
    function slowNode(statusOf: (beats: number) => 'kept' | 'reaped') {
      const node = new Node();
      for (let count = 0; count < CONNECTIONS; count++) node.open();
      const [beat, write] = [node.store.beat.bind(node.store), node.store.write.bind(node.store)];
      const beatsAt: number[] = [];
      const slow: Pick<FleetStore, 'beat' | 'write'> = {
        beat: async (order) => {
          beatsAt.push(node.shiftMs);
          const status = statusOf(beatsAt.length);
          return status === 'kept' ? beat(order) : { status, now: Date.now() };
        },
        write: async (...args) => {
          node.shiftMs += CALL_MS;
          return write(...args);
        },
      };
      Object.assign(node.store, slow);
      return { node, beatsAt };
    }

    it('renews its lease in between, before others may take it for lost or the store for away', async () => {
      const { node, beatsAt } = slowNode(() => 'kept');
      await node.beat();
      expect(node.shiftMs).toBeGreaterThan(LEASE_BEATS * node.store.beatMs);
      const gaps = [...beatsAt, node.shiftMs].slice(1).map((at, index) => at - beatsAt[index]!);
      expect(Math.max(...gaps)).toBeLessThan(AWAY_BEATS * node.store.beatMs);
      expect([node.causes, node.lease.isComplete, (await node.seen()).length]).toEqual([
        [],
        true,
        CONNECTIONS,
      ]);
    });

    it('begins anew where it was taken for lost all the same', async () => {
      const { node } = slowNode((beats) => (beats === 2 ? 'reaped' : 'kept'));
      const { life } = node.lease;
      await node.beat();
      expect([node.causes, node.lease.isComplete]).toEqual([['reaped'], true]);
      expect(node.lease.life).not.toBe(life);
    });

    it('says that something is missing until all of it is written', async () => {
      const few = new Node();
      few.open();
      await few.beat();
      for (let count = 0; count < 10_000; count++) few.open();
      const said: boolean[] = [];
      await few.lease.beat(() => {
        said.push(few.lease.isComplete);
        return 'summary';
      });
      expect([said[0], said.slice(1, -1).includes(true), said.at(-1)]).toEqual([true, false, true]);
      expect(said.length).toBeGreaterThan(3);
      expect(few.causes).toEqual([]);
    });
  });

  it('says that it had been taken for lost also where it did not know what was written', async () => {
    const node = new Node();
    node.open();
    await node.beat();
    node.fates.push('done', 'refused');
    await expect(node.beat()).rejects.toThrow('refused');
    const { life } = node.lease;
    claim(node.store, life);
    await node.beat();
    expect(node.causes).toEqual(['unsure', 'reaped']);
    // Its reaper clears it away and tells of it.
    expect((await node.store.directory()).entries.map((each) => each.life)).toContain(life);
  });

  it('keeps nobody but itself in the directory, whatever a store that is back with an older state has in it', async () => {
    const node = new Node();
    node.open();
    await node.beat();
    const first = node.lease.life;
    await node.store.leave(first);
    await node.beat();
    await node.store.beat({ life: first, isKnown: false, summary: '' });
    await node.store.leave(node.lease.life);
    await node.beat();
    expect((await node.store.directory()).entries.map(({ life }) => life)).toEqual([node.lease.life]);
  });

  it('goes on where a life before cannot be taken out, and takes it out when that is possible', async () => {
    const node = new Node();
    node.open();
    await node.beat();
    const leave = node.store.leave.bind(node.store);
    const first = node.lease.life;
    await leave(first);
    await node.store.write(first, {
      records: new Map([['0', 'x']]),
      activity: new Map(),
      identities: new Map(),
    });
    Object.assign(node.store, { leave: () => Promise.reject(new Error('CLUSTERDOWN')) });
    await node.beat();
    expect([node.lease.isComplete, await node.seen()]).toEqual([true, [1]]);
    Object.assign(node.store, { leave });
    await node.beat();
    expect(node.store.held().filter((name) => name.includes(first))).toEqual([]);
  });

  it('tries twice to leave nothing behind', async () => {
    const node = new Node();
    node.open();
    await node.beat();
    node.fates.push('refused');
    await node.lease.leave();
    expect(node.store.held()).toEqual([]);
  });
});
