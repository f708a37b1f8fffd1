import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import {
  AWAY_BEATS,
  type FleetChanges,
  type FleetStore,
  type FleetTable,
} from '../../../lib/fleet/fleet.store.js';
import { sleep, until } from '../../support/wait.js';

/** Half a second a beat: a lease of 1.2 s, and tables that are kept for 6 s. */
export const BEAT_MS = 500;
const LEASE_MS = 2.4 * BEAT_MS;

/** What is tested: stores of one fleet, on one server. */
export interface Surroundings {
  /** A store as each of the nodes has it. */
  store(): FleetStore;
  /** Everything that is there, by name, with its time to live in milliseconds; -1 where it has none. */
  leftovers(): Promise<Map<string, number>>;
  /** Nothing is there any more. */
  flush(): Promise<void>;
  end(): Promise<void>;
}

function changes(tables: Partial<Record<FleetTable, Record<string, string | undefined>>>): FleetChanges {
  const map = (table: FleetTable): Map<string, string | undefined> =>
    new Map(Object.entries(tables[table] ?? {}));
  return { records: map('records'), activity: map('activity'), identities: map('identities') };
}

/** What every store must do, whatever it is made of. */
export function storeConformance(name: string, start: () => Promise<Surroundings>): void {
  describe(`the fleet store: ${name}`, () => {
    let place: Surroundings;
    let store: FleetStore;
    let other: FleetStore;

    beforeAll(async () => void (place = await start()), 60_000);
    beforeEach(async () => {
      await place.flush();
      [store, other] = [place.store(), place.store()];
    });
    afterEach(async () => {
      for (const [key, ttl] of await place.leftovers()) expect(`${key}: ${ttl > 0}`).toBe(`${key}: true`);
    });
    afterAll(() => place?.end());

    function beat(life: string, isKnown = false, replaces?: string): ReturnType<FleetStore['beat']> {
      return store.beat({ life, isKnown, replaces, summary: `of ${life}` });
    }

    /** Looks for the dead as nodes do, so that nobody thinks that the store was away. */
    async function claimed(reaper: string): Promise<string[]> {
      let lives: string[] = [];
      const looking = async (): Promise<boolean> => {
        lives = (await store.claim(reaper)).map(({ life }) => life);
        return lives.length > 0;
      };
      await until('a life is claimed', looking, 4 * LEASE_MS + 5_000);
      return lives;
    }

    it('shows everybody who beats, with summary and lease, by its own time', async () => {
      const { status, now } = await beat('a.1');
      await beat('b.1');
      expect(status).toBe('kept');
      expect(Math.abs(now - Date.now())).toBeLessThan(5_000);
      const directory = await other.directory();
      expect(directory.entries.map(({ life, summary }) => [life, summary]).sort()).toEqual([
        ['a.1', 'of a.1'],
        ['b.1', 'of b.1'],
      ]);
      for (const { expiresAt } of directory.entries) {
        expect(expiresAt - directory.now).toBeGreaterThan(0);
        expect(expiresAt - directory.now).toBeLessThanOrEqual(LEASE_MS);
      }
    });

    it('renews a lease with each beat, and replaces the summary', async () => {
      await beat('a.1');
      const before = (await store.directory()).entries[0]!.expiresAt;
      await sleep(50);
      expect(await store.beat({ life: 'a.1', isKnown: true, summary: 'new' })).toMatchObject({
        status: 'kept',
      });
      const [entry] = (await store.directory()).entries;
      expect(entry!.expiresAt).toBeGreaterThan(before);
      expect(entry!.summary).toBe('new');
    });

    it('puts a life in the place of another in one step', async () => {
      await beat('a.1');
      await beat('a.2', false, 'a.1');
      expect((await other.directory()).entries.map(({ life }) => life)).toEqual(['a.2']);
    });

    it('says that it has forgotten a life that it does not know, and does not take it in', async () => {
      expect(await beat('a.1', true)).toMatchObject({ status: 'forgotten' });
      expect((await store.directory()).entries).toEqual([]);
    });

    it('keeps what is written, and tells how many writes it remembers', async () => {
      expect(await store.write('a.1', changes({ records: { 0: 'x', 1: 'y' }, activity: { 0: 'z' } }))).toBe(
        1,
      );
      expect(
        await store.write('a.1', changes({ records: { 0: undefined, 2: 'w' }, identities: { b: '2' } })),
      ).toBe(2);
      expect(await store.write('a.1', changes({}))).toBe(3);
      expect(await store.write('b.1', changes({}))).toBe(1);
      expect(await other.read('a.1', 'records', ['0', '1', '2'])).toEqual([undefined, 'y', 'w']);
      expect(await other.read('a.1', 'activity', ['0', '9'])).toEqual(['z', undefined]);
      expect(await other.read('a.1', 'identities', ['b'])).toEqual(['2']);
      expect(await other.read('b.1', 'records', ['0'])).toEqual([undefined]);
      expect([await store.clear('a.1'), await store.clear('b.1'), await store.clear('c.1')]).toEqual([
        2, 0, 0,
      ]);
    });

    it('bears texts of any kind, and many at once', async () => {
      const odd = 'ü \u0000 {}[]"\'\\ \n 🎈';
      const many = Object.fromEntries(
        Array.from({ length: 500 }, (_, at) => [at.toString(36), `${odd}${at}`]),
      );
      expect(await store.write('a.1', changes({ records: many, identities: { '': odd } }))).toBe(1);
      expect(await other.read('a.1', 'records', ['dv'])).toEqual([`${odd}499`]);
      const gone = Object.fromEntries(Object.keys(many).map((key) => [key, undefined]));
      await store.write('a.1', changes({ records: gone }));
      expect(await store.clear('a.1')).toBe(0);
    });

    it('leaves nothing of a life that leaves', async () => {
      await beat('a.1');
      await store.write(
        'a.1',
        changes({ records: { 0: 'x' }, activity: { 0: 'x' }, identities: { 0: 'x' } }),
      );
      await store.claim('a.1');
      await store.leave('a.1');
      await store.leave('a.1');
      expect([...(await place.leftovers()).keys()]).toEqual([]);
    });

    it('lets nobody claim a life whose lease runs', async () => {
      await beat('a.1');
      for (let look = 0; look < 10; look++) {
        expect(await other.claim('b.1')).toEqual([]);
        await sleep(BEAT_MS / 10);
      }
    });

    it('gives a life whose lease is over to exactly one reaper', async () => {
      await beat('a.1');
      await store.write('a.1', changes({ records: { 0: 'x', 1: 'y', 2: 'z' } }));
      expect(await claimed('b.1')).toEqual(['a.1']);
      expect(await other.claim('c.1')).toEqual([]);
      expect(await store.clear('a.1')).toBe(3);
      expect(await store.clear('a.1')).toBe(3);
      expect(await other.bury({ life: 'a.1', reaper: 'c.1', note: 'mine' })).toBe(false);
      expect(await store.bury({ life: 'a.1', reaper: 'b.1', note: 'gone' })).toBe(true);
      // Who has not heard the answer asks again.
      expect(await store.bury({ life: 'a.1', reaper: 'b.1', note: 'gone' })).toBe(true);
      expect(await other.bury({ life: 'a.1', reaper: 'c.1', note: 'mine' })).toBe(false);
      const directory = await other.directory();
      expect(directory.entries).toEqual([]);
      expect(directory.losses).toEqual([{ life: 'a.1', note: 'gone' }]);
    });

    it('gives it to one reaper only, however many ask at the same time', async () => {
      await beat('a.1');
      const winners: string[] = [];
      const stores = Array.from({ length: 6 }, () => place.store());
      await until(
        'somebody has it',
        async () => {
          const answers = await Promise.all(stores.map((each, at) => each.claim(`r${at}.1`)));
          winners.push(...answers.flatMap((lives, at) => lives.map(() => `r${at}.1`)));
          return winners.length > 0;
        },
        20_000,
      );
      expect(winners).toHaveLength(1);
    });

    it('gives it to another reaper when the first dies over it, who still learns how many there were', async () => {
      await beat('a.1');
      await store.write('a.1', changes({ records: { 0: 'x', 1: 'y' } }));
      expect(await claimed('b.1')).toEqual(['a.1']);
      await store.clear('a.1');
      const since = performance.now();
      expect(await claimed('c.1')).toEqual(['a.1']);
      expect(performance.now() - since).toBeGreaterThan(LEASE_MS / 2);
      expect(await store.clear('a.1')).toBe(2);
      expect(await store.bury({ life: 'a.1', reaper: 'b.1', note: '' })).toBe(false);
      expect(await store.bury({ life: 'a.1', reaper: 'c.1', note: '' })).toBe(true);
    });

    it('tells a life that wakes that it was reaped: while it is, and after', async () => {
      await beat('a.1');
      await claimed('b.1');
      expect(await beat('a.1', true)).toMatchObject({ status: 'reaped' });
      await store.clear('a.1');
      await store.bury({ life: 'a.1', reaper: 'b.1', note: '' });
      expect(await beat('a.1', true)).toMatchObject({ status: 'reaped' });
      expect(await store.write('a.1', changes({ records: { 0: 'x' } }))).toBeUndefined();
      expect(await store.read('a.1', 'records', ['0'])).toEqual([undefined]);
    });

    it('lets a life whose lease was over go on, where nobody had noticed', async () => {
      await beat('a.1');
      await sleep(LEASE_MS + 100);
      expect(await beat('a.1', true)).toMatchObject({ status: 'kept' });
      expect(await store.claim('b.1')).toEqual([]);
    });

    it('takes nobody for dead right after a time in which no node could ask', async () => {
      await beat('a.1');
      await store.claim('b.1');
      await sleep(LEASE_MS + 200);
      expect(await store.claim('b.1')).toEqual([]);
      await sleep(50);
      expect(await store.claim('b.1')).toEqual([]);
      expect(await claimed('b.1')).toEqual(['a.1']);
    });

    it('hears nodes by their beats and their looks at the directory, too', async () => {
      /** @returns the longest time between two of them, milliseconds */
      const beEverPresent = async (): Promise<number> => {
        const since = performance.now();
        let [heardAt, longest] = [since, 0];
        for (let turn = 0; heardAt - since < LEASE_MS + 100; turn++) {
          await sleep(0.4 * BEAT_MS);
          if (turn % 2 === 0) await store.directory();
          else await beat('b.1');
          longest = Math.max(longest, performance.now() - heardAt);
          heardAt = performance.now();
        }
        return longest;
      };
      await until('nobody was kept from asking by a busy machine', async () => {
        await place.flush();
        await beat('a.1');
        return (await beEverPresent()) < AWAY_BEATS * BEAT_MS;
      });
      expect((await store.claim('b.1')).map(({ life }) => life)).toEqual(['a.1']);
    });

    it('ends all other lives of a node with the first beat of one, but for those that are being reaped', async () => {
      await beat('a.1');
      await beat('ab.1');
      const taken = [...(await claimed('b.1'))];
      if (taken.length < 2) taken.push(...(await claimed('b.1')));
      expect(taken.sort()).toEqual(['a.1', 'ab.1']);
      await store.bury({ life: 'ab.1', reaper: 'b.1', note: 'gone' });
      await beat('a.2');
      await beat('a.4');
      expect(await beat('a.3', false, 'a.1')).toMatchObject({ status: 'kept', wasReaped: true });
      const lives = async (): Promise<string[]> =>
        (await store.directory()).entries.map(({ life }) => life).sort();
      expect(await lives()).toEqual(['a.1', 'a.3']);
      expect(await beat('ab.2', false, 'ab.1')).toMatchObject({ status: 'kept', wasReaped: true });
      expect(await beat('ab.3', false, 'ab.2')).toMatchObject({ status: 'kept', wasReaped: false });
      expect(await lives()).toEqual(['a.1', 'a.3', 'ab.3']);
    });

    it('remembers the latest of many losses', async () => {
      for (let at = 0; at < 52; at++) await beat(`d${at}.1`);
      const buried: string[] = [];
      await until(
        'all are buried',
        async () => {
          for (const { life } of await store.claim('b.1')) {
            expect(await store.bury({ life, reaper: 'b.1', note: life })).toBe(true);
            buried.push(life);
          }
          return buried.length === 52;
        },
        4 * LEASE_MS + 10_000,
      );
      const { losses } = await store.directory();
      expect(losses).toHaveLength(50);
      for (const life of buried.slice(-40)) expect(losses).toContainEqual({ life, note: life });
      const life = buried.at(-1)!;
      expect(await store.bury({ life, reaper: 'b.1', note: life })).toBe(true);
    });

    it('delivers letters once, in their order', async () => {
      await store.post('a', 'one');
      await other.post('a', 'two');
      await store.post('b', 'three');
      const { letters, now } = await store.take('a');
      expect(letters).toEqual(['one', 'two']);
      expect(Math.abs(now - Date.now())).toBeLessThan(5_000);
      expect((await store.take('a')).letters).toEqual([]);
      expect((await other.take('b')).letters).toEqual(['three']);
    });

    it('gives out at most 100 letters at once, and loses none', async () => {
      for (let at = 0; at < 150; at++) await store.post('a', String(at));
      const first = (await store.take('a')).letters;
      const second = (await store.take('a')).letters;
      expect([first.length, second.length]).toEqual([100, 50]);
      expect([...first, ...second]).toEqual(Array.from({ length: 150 }, (_, at) => String(at)));
    });

    it('drops by itself what nobody keeps', async () => {
      await beat('a.1');
      await store.write('a.1', changes({ records: { 0: 'x' } }));
      await store.post('a', 'one');
      await until(
        'all of it is gone',
        async () => (await place.leftovers()).size === 0,
        12 * BEAT_MS + 8_000,
      );
      expect(await store.read('a.1', 'records', ['0'])).toEqual([undefined]);
    });
  });
}
