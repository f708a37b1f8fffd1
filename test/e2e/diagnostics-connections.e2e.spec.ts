import { describe, expect, it } from '@jest/globals';
import type { ConnectionSnapshot } from 'nestjs-connection-health';

import type { TestApp } from '../support/app.js';
import type { TestClient } from '../support/client.js';
import { at, connect, expectRefused, PLATFORM_NAMES, useDetails } from '../support/diagnostics.app.js';
import { ask, type Answer } from '../support/http.client.js';
import { sleep, until } from '../support/wait.js';

const UNKNOWN = 'No connection has this id: it is closed, or one of another process.';

interface Page {
  readonly connections: ConnectionSnapshot[];
  readonly next?: string;
}

async function page(app: TestApp, query = ''): Promise<Page> {
  return (await ask(at(app, `/connections${query}`))).json<Page>();
}

/** Evicts the oldest. */
async function evict(app: TestApp, query = '', body?: object): Promise<Answer> {
  const [{ id }] = app.service.connections() as [ConnectionSnapshot];
  return ask(at(app, `/connections/${id}${query}`), { method: 'DELETE', body });
}

describe.each(PLATFORM_NAMES)('single connections at the diagnostics endpoint, with %s', (platform) => {
  const start = useDetails(platform);

  describe('GET connections', () => {
    it('shows who is connected, by gateway, state, identity and silence', async () => {
      const app = await start();
      const clients = await connect(app, ['red?user=ada', 'red?user=bob', 'blue?user=ada']);
      const all = await page(app);
      const indices = async (query: string): Promise<number[]> => {
        const { connections } = await page(app, query);
        return connections.map(({ id }) => all.connections.findIndex((each) => each.id === id));
      };
      expect(all).toEqual({
        connections: [
          expect.objectContaining({
            gateway: 'RedGateway',
            identity: 'ada',
            address: '127.0.0.1',
            path: '/red',
          }),
          expect.objectContaining({ gateway: 'RedGateway', identity: 'bob', state: 'open' }),
          expect.objectContaining({ gateway: 'BlueGateway', identity: 'ada', path: '/blue' }),
        ],
      });
      expect(await indices('?gateway=RedGateway')).toEqual([0, 1]);
      expect(await indices('?identity=ada')).toEqual([0, 2]);
      expect(await indices('?identity=ada&order=newest')).toEqual([2, 0]);
      expect(await indices('?identity=ada&gateway=BlueGateway')).toEqual([2]);
      expect(await indices('?order=newest&limit=2')).toEqual([2, 1]);
      expect(await indices('?state=open&order=oldest')).toEqual([0, 1, 2]);
      expect(await indices('?state=closing')).toEqual([]);
      expect(await indices('?gateway=nobody')).toEqual([]);
      expect(await indices('?identity=')).toEqual([]);
      expect(await indices('?minIdleMs=0&token=for-the-guards')).toEqual([0, 1, 2]);
      await sleep(1_000);
      clients[1]!.send({ event: 'chat' });
      await until('it was heard', () => app.service.connections()[1]!.idleMs < 200);
      expect(await indices('?minIdleMs=900')).toEqual([0, 2]);
      clients[2]!.freeze();
      void app.service.disconnect({ id: all.connections[2]!.id });
      expect(await indices('?state=closing')).toEqual([2]);
    });

    it.each(['oldest', 'newest'])(
      'page by page shows everybody who stays exactly once, while others come and go, %s first',
      async (order) => {
        const app = await start();
        const staying: string[] = [];
        const passing: TestClient[] = [];
        for (let index = 0; index < 30; index++) {
          const [client] = await connect(app, [index % 3 === 0 ? 'red?user=passing' : 'red?user=stays']);
          if (index % 3 === 0) passing.push(client!);
        }
        for (const { id, identity } of app.service.connections()) if (identity === 'stays') staying.push(id);
        const seen: ConnectionSnapshot[] = [];
        let next: string | undefined = '';
        let pages = 0;
        while (next !== undefined) {
          const answer: Page = await page(app, `?limit=4&order=${order}${next && `&after=${next}`}`);
          seen.push(...answer.connections);
          ({ next } = answer);
          pages++;
          expect(answer.connections.length).toBeLessThanOrEqual(4);
          // Also the one that the cursor was taken from.
          const last = answer.connections.at(-1);
          if (last?.identity === 'passing') await app.service.disconnect({ id: last.id });
          passing.shift()?.socket.close();
          if (pages < 8) await connect(app, ['red?user=new']);
        }
        const ids = seen.map(({ id }) => id);
        expect(new Set(ids).size).toBe(ids.length);
        const found = seen.filter(({ identity }) => identity === 'stays').map(({ id }) => id);
        expect(order === 'newest' ? found.toReversed() : found).toEqual(staying);
        const opened = seen.map(({ openedAt }) => openedAt);
        expect(opened).toEqual(
          opened.toSorted((one, other) => (order === 'newest' ? other - one : one - other)),
        );
        expect(pages).toBeGreaterThan(5);
      },
    );

    it('shows 50 where no number is asked for, and tells a full last page from one with more behind it', async () => {
      const app = await start();
      await connect(
        app,
        Array.from({ length: 51 }, () => 'red'),
      );
      const first = await page(app);
      expect(first.connections).toHaveLength(50);
      expect(first.next).toBe(first.connections[49]!.id);
      const rest = await page(app, `?after=${first.next}`);
      expect(rest.connections).toHaveLength(1);
      expect(rest).not.toHaveProperty('next');
      expect(await page(app, '?limit=51')).not.toHaveProperty('next');
      expect((await page(app, '?limit=500')).connections).toHaveLength(51);
    });

    const UNUSABLE: [query: string, message: string | RegExp][] = [
      ['limit=0', 'limit: expected a whole number from 1 to 500, got "0"'],
      ['limit=501', 'limit: expected a whole number from 1 to 500, got "501"'],
      ['limit=ten', 'limit: expected a whole number from 1 to 500, got "ten"'],
      ['limit=-1', /^limit: .* got "-1"$/],
      ['limit=1e2', /^limit: .* got "1e2"$/],
      ['limit=1.5', /^limit: .* got "1.5"$/],
      ['limit=', /^limit: .* got ""$/],
      ['limit=%20', /^limit: .* got " "$/],
      ['limit=%00', /^limit: .* got "\\u0000"$/],
      ['limit=1&limit=2', 'limit: expected one value, got an array of 2'],
      ['gateway=a&gateway=b', 'gateway: expected one value, got an array of 2'],
      ['minIdleMs=soon', 'minIdleMs: expected a whole number from 0, got "soon"'],
      ['minIdleMs=9999999999999999', /^minIdleMs: expected a whole number/],
      ['state=closed', 'state: expected open or closing, got "closed"'],
      ['state=__proto__', 'state: expected open or closing, got "__proto__"'],
      ['order=random', 'order: expected oldest or newest, got "random"'],
      [
        'after=nonsense',
        /^connections\(\): after: expected the id of a connection of this process, got "nonsense"$/,
      ],
      ['after=', /after: .* got ""$/],
      ['after=%00', /after: .* got "\\u0000"$/],
      [`after=${'x'.repeat(5_000)}`, /after: .* got "x{80}…"$/],
      [`limit=${'9'.repeat(5_000)}`, /limit: .* got "9{80}…"$/],
      [`order=${encodeURIComponent('\u202e<script>')}`, /order: .* got "\u202e<script>"$/],
    ];
    it('refuses what cannot be used, with a short sentence', async () => {
      const app = await start();
      for (const [query, message] of UNUSABLE)
        expectRefused(await ask(at(app, `/connections?${query}`)), message);
    });

    it('answers whatever the app makes of a query', async () => {
      const app = await start();
      for (const query of [
        '__proto__[limit]=1',
        'constructor=1&__proto__=2',
        'limit[a]=1&a[]=2',
        '&&==&=',
        '%',
      ]) {
        const answer = await ask(at(app, `/connections?${query}`));
        expect([200, 400]).toContain(answer.status);
        expect(answer.json()).toMatchObject(
          answer.status === 200 ? { connections: [] } : { statusCode: 400 },
        );
      }
    });
  });

  describe('GET connections/:id', () => {
    it('shows one', async () => {
      const app = await start();
      await connect(app, ['red?user=ada', 'blue']);
      const [one] = app.service.connections();
      const answer = await ask(at(app, `/connections/${one!.id}`));
      expect(answer.json()).toMatchObject({
        id: one!.id,
        identity: 'ada',
        gateway: 'RedGateway',
        openedAt: one!.openedAt,
      });
      expect(answer.headers).toMatchObject({
        'cache-control': 'no-store',
        'x-content-type-options': 'nosniff',
      });
    });

    it('knows nobody by another name', async () => {
      const app = await start();
      await connect(app, ['red']);
      const escapes = ['%00', '%2e%2e', '..%2f..', '%F0%9F%91%BB'];
      const names = [
        'x',
        '1',
        '-1',
        'a-b',
        '__proto__',
        'constructor',
        ...escapes,
        'z'.repeat(60),
        '-'.repeat(90),
      ];
      for (const method of ['GET', 'DELETE']) {
        for (const name of names)
          expectRefused(await ask(at(app, `/connections/${name}`), { method }), UNKNOWN, 404);
      }
      expect(app.service.connections()).toHaveLength(1);
    });

    it('answers for names that no router likes, if not in our own words', async () => {
      const app = await start();
      for (const name of ['z'.repeat(8_000), '-a'.repeat(4_000), '%zz', '%', 'a/b']) {
        const { status } = await ask(at(app, `/connections/${name}`));
        expect([400, 404, 414]).toContain(status);
      }
      expect((await ask(at(app, ''))).status).toBe(200);
    });
  });

  describe('DELETE connections/:id', () => {
    it('evicts one with 4003, and nobody else', async () => {
      const app = await start();
      const [one, other] = await connect(app, ['red', 'red']);
      const [{ id }] = app.service.connections() as [ConnectionSnapshot];
      const answer = await evict(app);
      expect(answer.status).toBe(200);
      expect(answer.json()).toEqual({ closing: 1 });
      await until('it is closed', () => one!.closed !== undefined);
      expect(one!.closed).toMatchObject({ code: 4003, reason: 'evicted' });
      expect(other!.isOpen).toBe(true);
      await until('it is gone', () => app.eventsOf('closed').length === 1);
      expect(app.eventsOf('closed')).toMatchObject([{ reason: 'evicted', connection: { id } }]);
      const again = await ask(at(app, `/connections/${id}`), { method: 'DELETE' });
      expectRefused(again, /^No connection has this id/, 404);
    });

    it.each([
      ['the query', '?code=4999&reason=signed%20out', undefined],
      ['the body', '', { code: 4999, reason: 'signed out' }],
      ['the body, which goes first', '?code=4998&reason=no', { code: 4999, reason: 'signed out' }],
    ])('takes code and reason from %s', async (_name, query, body) => {
      const app = await start();
      const [one] = await connect(app, ['red']);
      expect((await evict(app, query, body)).json()).toEqual({ closing: 1 });
      await until('it is closed', () => one!.closed !== undefined);
      expect(one!.closed).toMatchObject({ code: 4999, reason: 'signed out' });
    });

    it('says that nobody more is being closed where that has begun already', async () => {
      const app = await start();
      const [one] = await connect(app, ['red']);
      one!.freeze();
      expect((await evict(app)).json()).toEqual({ closing: 1 });
      expect((await evict(app)).json()).toEqual({ closing: 0 });
    });

    const UNUSABLE: [query: string, body: object | undefined, message: string | RegExp][] = [
      ['?code=99', undefined, 'code: expected a whole number from 1000 to 4999, got "99"'],
      ['?code=x', undefined, /^code: .* got "x"$/],
      ['?code=4000&code=4001', undefined, 'code: expected one value, got an array of 2'],
      ['?code=1005', undefined, /^disconnect\(\): code: expected a close code that may be sent .* got 1005$/],
      [
        `?reason=${'é'.repeat(62)}`,
        undefined,
        /^disconnect\(\): reason: expected a text of at most 123 bytes/,
      ],
      ['', { code: '4000' }, /^disconnect\(\): code: .* got "4000"$/],
      ['', { code: null }, /^disconnect\(\): code: .* got null$/],
      ['', { reason: 5 }, /^disconnect\(\): reason: .* got 5$/],
      ['', { reson: 'typo' }, 'body: expected the keys code and reason only, got "reson"'],
      ['', [1], 'body: expected a JSON object, and an app that parses it, got an array of 1'],
    ];
    it('refuses what no close frame may carry, and closes nobody', async () => {
      const app = await start();
      const [one] = await connect(app, ['red']);
      for (const [query, body, message] of UNUSABLE)
        expectRefused(await evict(app, encodeURI(query), body), message);
      expect(app.service.connections()).toMatchObject([{ state: 'open' }]);
      expect(one!.isOpen).toBe(true);
    });
  });
});
