import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import type { FleetChanges } from 'nestjs-connection-health';
import { RedisFleetStore, type RedisClient } from 'nestjs-connection-health/redis';
import { createClient, createClientPool, createSentinel, RESP_TYPES } from 'redis';

import { sleep, until } from '../support/wait.js';
import { RedisServer } from './support/redis.server.js';

const EXPECTED =
  'RedisFleetStore: client: expected a client of ioredis (Redis or Cluster) or node-redis (createClient, createClientPool, createSentinel or createCluster), got';

describe('what is no client', () => {
  it.each([
    [undefined, 'undefined'],
    [null, 'null'],
    ['redis://127.0.0.1', '"redis://127.0.0.1"'],
    [{ get: () => 1 }, 'an object with the keys get'],
    [Redis, 'a function (Redis)'],
  ])('%p is refused by a sentence', (client, got) => {
    expect(() => new RedisFleetStore(client as RedisClient)).toThrow(`${EXPECTED} ${got}`);
  });
});

describe('options', () => {
  const client = { call: () => undefined, duplicate: () => undefined };

  it.each([
    [{ prefix: 'a{b}' }, 'RedisFleetStore: prefix: expected a text without braces or spaces, got "a{b}"'],
    [{ prefix: '' }, 'RedisFleetStore: prefix: expected a text without braces or spaces, got ""'],
    [{ beatMs: 100 }, 'RedisFleetStore: beatMs: expected a whole number of milliseconds from 500, got 100'],
    [{ beatMs: NaN }, 'RedisFleetStore: beatMs: expected a whole number of milliseconds from 500, got NaN'],
  ])('%j are refused by a sentence', (options, message) => {
    expect(() => new RedisFleetStore(client, options)).toThrow(message);
  });
});

/** What a store makes of a client: one question of each kind. */
async function answersOf(client: object, prefix: string): Promise<unknown> {
  const store = new RedisFleetStore(client, { prefix });
  const none = new Map<string, string>();
  const changes: FleetChanges = { records: new Map([['0', 'ü']]), activity: none, identities: none };
  const { status } = await store.beat({ life: 'a.1', isKnown: false, summary: 'hello' });
  const count = await store.write('a.1', changes);
  const read = await store.read('a.1', 'records', ['0', '1']);
  const { entries, now } = await store.directory();
  const isNow = Math.abs(now - Date.now()) < 5_000;
  await store.post('a', 'letter');
  const { letters } = await store.take('a');
  await store.leave('a.1');
  const left = (await store.directory()).entries;
  return { status, count, read, summary: entries[0]?.summary, isNow, letters, left };
}

const RIGHT = {
  status: 'kept',
  count: 1,
  read: ['ü', undefined],
  summary: 'hello',
  isNow: true,
  letters: ['letter'],
  left: [],
};

describe('clients as apps have them', () => {
  const ends: (() => unknown)[] = [];
  let redis: RedisServer;
  let url: string;
  beforeAll(async () => {
    redis = await RedisServer.start();
    url = redis.url;
  });
  afterEach(async () => {
    for (const end of ends.splice(0).toReversed()) await end();
  });
  afterAll(() => redis.end());

  it('ioredis with a prefix of its own, numbers as texts and automatic pipelines', async () => {
    const client = new Redis(url, { keyPrefix: 'app:', stringNumbers: true, enableAutoPipelining: true });
    ends.push(() => client.disconnect());
    expect(await answersOf(client, 'io')).toEqual(RIGHT);
  });

  it.each([2, 3] as const)('node-redis with RESP %i', async (RESP) => {
    const client = await createClient({ url, RESP }).connect();
    ends.push(() => client.destroy());
    expect(await answersOf(client, `resp-${RESP}`)).toEqual(RIGHT);
  });

  it('node-redis that answers with buffers', async () => {
    const client = await createClient({ url }).connect();
    ends.push(() => client.destroy());
    expect(await answersOf(client.withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer }), 'buffers')).toEqual(
      RIGHT,
    );
  });

  it('a user of Redis who may do only what docs/fleet.md says', async () => {
    const [, sentence] = /these commands, most of them called by scripts: (.+?)\./s.exec(
      readFileSync('docs/fleet.md', 'utf8'),
    )!;
    const allowed = [...sentence!.matchAll(/`(\w+)`/g)].map(([, command]) => `+${command}`);
    const admin = new Redis(url);
    ends.push(() => admin.disconnect());
    await admin.acl('SETUSER', 'fleet', 'on', 'nopass', '~{acl*', ...allowed, '+info', '+client');
    const client = new Redis(url, { username: 'fleet', password: 'any' });
    ends.push(() => client.disconnect());
    expect(await answersOf(client, 'acl')).toEqual(RIGHT);
    const store = new RedisFleetStore(client, { prefix: 'acl' });
    await store.claim('a.1');
    await store.clear('b.1');
    expect(await store.bury({ life: 'b.1', reaper: 'a.1', note: '' })).toBe(false);
  });

  it('a pool of node-redis', async () => {
    const pool = createClientPool({ url });
    await pool.connect();
    ends.push(() => pool.close());
    expect(await answersOf(pool, 'pool')).toEqual(RIGHT);
  });

  it('both libraries through a Sentinel', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'fleet-sentinel-'));
    const file = join(folder, 'sentinel.conf');
    writeFileSync(file, `sentinel monitor main 127.0.0.1 ${redis.port} 1\n`);
    ends.push(() => rmSync(folder, { recursive: true, force: true }));
    const sentinel = await RedisServer.startWith(file, '--sentinel');
    ends.push(() => sentinel.end());
    await until('the Sentinel knows the master', async () => {
      await sleep(100);
      const asker = new Redis({ port: sentinel.port, host: '127.0.0.1', lazyConnect: true });
      try {
        return (await asker.call('SENTINEL', 'get-master-addr-by-name', 'main')) !== null;
      } finally {
        asker.disconnect();
      }
    });
    const address = { host: '127.0.0.1', port: sentinel.port };
    const io = new Redis({ sentinels: [address], name: 'main' });
    ends.push(() => io.disconnect());
    expect(await answersOf(io, 'sentinel-io')).toEqual(RIGHT);
    const node = await createSentinel({ name: 'main', sentinelRootNodes: [address] }).connect();
    ends.push(() => node.destroy());
    expect(await answersOf(node, 'sentinel-node')).toEqual(RIGHT);
  });
});
