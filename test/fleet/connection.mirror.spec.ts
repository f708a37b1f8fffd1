import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';

import { ConnectionMirror } from '../../lib/fleet/connection.mirror.js';
import type { Mirrored } from '../../lib/fleet/fleet.source.js';
import { FLEET_TABLES, type FleetTable } from '../../lib/fleet/fleet.store.js';
import { bucketOf, decodeActivity, decodePlaces, decodeRecord } from '../../lib/fleet/record.codec.js';

type Told = { -readonly [Key in keyof Mirrored]: Mirrored[Key] };

/** What a store has after it has written everything that it was given. */
class Written {
  readonly tables: Record<FleetTable, Map<string, string>> = {
    records: new Map(),
    activity: new Map(),
    identities: new Map(),
  };
  writes = 0;
  fields = 0;

  write(mirror: ConnectionMirror<Told>): void {
    for (const changes of mirror.take()) {
      this.writes++;
      for (const table of FLEET_TABLES)
        for (const [field, value] of changes[table]) {
          this.fields++;
          if (value === undefined) this.tables[table].delete(field);
          else this.tables[table].set(field, value);
        }
    }
  }

  /** The connections of an identity, as another node finds them. */
  find(identity: string): number[] {
    return decodePlaces(this.tables.identities.get(bucketOf(identity)))
      .map((place) => decodeRecord(this.tables.records.get(place.toString(36)) ?? ''))
      .flatMap((record) => (record?.identity === identity ? [record.sequence] : []))
      .sort();
  }
}

function connection(sequence: number, identity?: string): Told {
  const at = 1_000 * sequence;
  const address = undefined;
  return {
    sequence,
    identity,
    openedAt: at,
    lastActivityAt: at,
    server: { name: 'Gate' },
    transport: 'ws',
    peer: { address },
  };
}

function mirrorOf(): ConnectionMirror<Told> {
  return new ConnectionMirror((time) => time);
}

describe('the mirror of the connections', () => {
  it('gives out what is there whatever came and went, so that everybody is found and nobody else', () => {
    const step = fc.record({
      what: fc.constantFrom('open', 'open', 'close', 'identify', 'write', 'activity', 'anew'),
      which: fc.nat(30),
      user: fc.option(fc.nat(4), { nil: undefined }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
        const mirror = mirrorOf();
        let store = new Written();
        const live: Told[] = [];
        let sequence = 0;
        for (const { what, which, user } of steps) {
          const identity = user === undefined ? undefined : `user-${user}`;
          const chosen = live[which % Math.max(1, live.length)];
          if (what === 'open') {
            const opened = connection(++sequence, identity);
            live.push(opened);
            mirror.put(opened);
          } else if (what === 'close' && chosen !== undefined) {
            live.splice(live.indexOf(chosen), 1);
            mirror.drop(chosen);
          } else if (what === 'identify' && chosen !== undefined) {
            chosen.identity = identity;
            mirror.put(chosen);
          } else if (what === 'write') store.write(mirror);
          else if (what === 'activity') mirror.noteActivity(0, mirror.end);
          else if (what === 'anew') {
            mirror.markAll();
            store = new Written();
          }
        }
        store.write(mirror);
        const records = [...store.tables.records.values()].map((text) => decodeRecord(text)!.sequence);
        expect(records.sort()).toEqual(live.map((each) => each.sequence).sort());
        for (let user = 0; user <= 4; user++)
          expect(store.find(`user-${user}`)).toEqual(
            live.flatMap((each) => (each.identity === `user-${user}` ? [each.sequence] : [])).sort(),
          );
        const listed = [...store.tables.identities.values()].flatMap(decodePlaces);
        expect(listed.length).toBe(live.filter(({ identity }) => identity !== undefined).length);
        const before = store.fields;
        store.write(mirror);
        expect(store.fields).toBe(before);
      }),
    );
  });

  it('writes only what is different', () => {
    const mirror = mirrorOf();
    const store = new Written();
    const crowd = Array.from({ length: 2_000 }, (_, at) => connection(at));
    for (const each of crowd) mirror.put(each);
    store.write(mirror);
    expect(store.fields).toBe(2_000);
    mirror.drop(crowd[7]!);
    mirror.put(connection(9_999));
    store.write(mirror);
    expect(store.fields).toBe(2_001);
  });

  it('keeps one number for each change, however often it changes while nothing can be written', () => {
    const mirror = mirrorOf();
    const one = connection(1, 'anna');
    for (let turn = 0; turn < 10_000; turn++) {
      mirror.put(one);
      mirror.drop(one);
    }
    mirror.put(one);
    const store = new Written();
    store.write(mirror);
    expect([store.writes, store.fields, mirror.end]).toEqual([1, 2, 1]);
  });

  it('tells the last activity in blocks, and drops the blocks in which nobody is left', () => {
    const mirror = mirrorOf();
    const store = new Written();
    const crowd = Array.from({ length: 200 }, (_, at) => connection(at));
    for (const each of crowd) mirror.put(each);
    mirror.noteActivity(0, mirror.end);
    store.write(mirror);
    expect(store.tables.activity.size).toBe(4);
    expect(decodeActivity(store.tables.activity.get('2'), 10)).toBe(1_000 * 138);

    for (const each of crowd.slice(128)) mirror.drop(each);
    mirror.noteActivity(0, mirror.end);
    store.write(mirror);
    expect([...store.tables.activity.keys()].sort()).toEqual(['0', '1']);
  });

  it('takes no news of a connection that is gone: who it is may become known late', () => {
    const mirror = mirrorOf();
    const one = connection(1);
    mirror.put(one);
    mirror.drop(one);
    one.identity = 'anna';
    mirror.update(one);
    const store = new Written();
    store.write(mirror);
    expect([mirror.size, store.tables.records.size, store.find('anna')]).toEqual([0, 0, []]);
  });

  it('says for places that are used again when their new connection was opened', () => {
    const mirror = mirrorOf();
    const old = connection(1);
    mirror.put(old);
    mirror.drop(old);
    mirror.put(connection(2));
    expect(mirror.end).toBe(1);
  });
});
