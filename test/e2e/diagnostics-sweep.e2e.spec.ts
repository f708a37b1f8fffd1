import { describe, expect, it } from '@jest/globals';
import type { ConnectionSnapshot, SweepReport } from 'nestjs-connection-health';

import type { TestApp } from '../support/app.js';
import { at, connect, expectRefused, PLATFORM_NAMES, useDetails } from '../support/diagnostics.app.js';
import { ask, type Answer } from '../support/http.client.js';
import { sleep, until } from '../support/wait.js';

type Headers = Record<string, string>;

async function sweep(app: TestApp, body?: string | object, headers: Headers = {}): Promise<Answer> {
  return ask(at(app, '/sweep'), { method: 'POST', body, headers });
}

describe.each(PLATFORM_NAMES)('the order to sweep at the diagnostics endpoint, with %s', (name) => {
  const start = useDetails(name);

  describe('POST sweep', () => {
    it('sweeps now, with the threshold of each gateway where none is given', async () => {
      const app = await start();
      await connect(app, ['red', 'blue']);
      const answer = await sweep(app);
      expect(answer.status).toBe(200);
      expect(answer.json()).toMatchObject({
        examined: 2,
        stale: 0,
        closed: 0,
        dryRun: false,
        connections: [],
      });
      expect(answer.json()).not.toHaveProperty('staleAfterMs');
      expect((await sweep(app, {})).json()).toMatchObject({ examined: 2, closed: 0 });
    });

    it('reports the stale in a dry run, and closes them in a real one', async () => {
      const app = await start();
      const clients = await connect(app, ['red?user=ada', 'blue']);
      await sleep(100);
      const dry = (await sweep(app, { staleAfterMs: 1, dryRun: true })).json<SweepReport>();
      expect(dry).toMatchObject({ staleAfterMs: 1, dryRun: true, examined: 2, stale: 2, closed: 0 });
      expect(dry.connections).toMatchObject([{ identity: 'ada' }, { gateway: 'BlueGateway' }]);
      expect(clients.map(({ isOpen }) => isOpen)).toEqual([true, true]);
      const real = (await sweep(app, { staleAfterMs: 1 })).json<SweepReport>();
      expect(real).toMatchObject({ staleAfterMs: 1, dryRun: false, stale: 2, closed: 2 });
      await until('they are closed', () => clients.every(({ closed }) => closed !== undefined));
      expect(clients.map(({ closed }) => closed!.code)).toEqual([4000, 4000]);
      expect((await ask(at(app, ''))).json()).toMatchObject({
        sweep: { swept_total: 2, last: { stale: 2 } },
      });
    });

    it('refuses an order in the query, where it is not read: a dry run must not become a real one', async () => {
      const app = await start();
      for (const query of ['dryRun=true', 'staleAfterMs=1'])
        expectRefused(
          await ask(at(app, `/sweep?${query}`), { method: 'POST' }),
          /^query: (dryRun|staleAfterMs): expected it in the JSON body/,
        );
      expect(app.eventsOf('swept')).toEqual([]);
    });

    const UNUSABLE: [body: object | string, message: string | RegExp][] = [
      [{ staleAfterMs: 0 }, 'sweep(): staleAfterMs: expected a number of milliseconds above 0, got 0'],
      [{ staleAfterMs: '300000' }, /^sweep\(\): staleAfterMs: .* got "300000"$/],
      [{ staleAfterMs: null }, /^sweep\(\): staleAfterMs: .* got null$/],
      ['{"staleAfterMs":1e999}', /^sweep\(\): staleAfterMs: .* got Infinity$/],
      [{ staleAfterMs: 1, dryRun: 'true' }, 'sweep(): dryRun: expected true or false, got "true"'],
      [{ dryrun: true }, 'body: expected the keys staleAfterMs and dryRun only, got "dryrun"'],
      [{ constructor: 1 }, 'body: expected the keys staleAfterMs and dryRun only, got "constructor"'],
      [{ ['k'.repeat(9_000)]: 1 }, /^body: .* got "k{80}…"$/],
      [[], /^body: expected a JSON object, .* got an array of 0$/],
    ];
    it('refuses an order that it does not understand, and sweeps nobody', async () => {
      const app = await start();
      const [client] = await connect(app, ['red']);
      await sleep(50);
      for (const [body, message] of UNUSABLE)
        expectRefused(await sweep(app, body, { 'content-type': 'application/json' }), message);
      expect(app.eventsOf('swept')).toEqual([]);
      expect(client!.isOpen).toBe(true);
    });

    it.each([
      ['a form, as curl -d sends it', 'application/x-www-form-urlencoded'],
      ['plain text', 'text/plain'],
      ['something like JSON', 'text/json'],
    ])('never takes a dry run for a real one because it came as %s', async (_name, type) => {
      const app = await start();
      const [client] = await connect(app, ['red']);
      await sleep(50);
      const body = '{"staleAfterMs":1,"dryRun":true}';
      const answer = await sweep(app, body, { 'content-type': type });
      expect([400, 415]).toContain(answer.status);
      if (answer.status === 400)
        expectRefused(answer, `content-type: expected application/json, got ${JSON.stringify(type)}`);
      expect((await sweep(app, body)).status).toBeGreaterThanOrEqual(400);
      expect(app.eventsOf('swept')).toEqual([]);
      expect(client!.isOpen).toBe(true);
    });

    it('refuses a body that is no object, if not in our own words', async () => {
      const app = await start();
      const huge = JSON.stringify({ staleAfterMs: 'x'.repeat(2_000_000) });
      for (const body of ['null', '"text"', '5', '{', '{"__proto__":{"dryRun":true}}', huge]) {
        const answer = await sweep(app, body, { 'content-type': 'application/json' });
        expect([400, 413]).toContain(answer.status);
      }
      expect(app.eventsOf('swept')).toEqual([]);
    });
  });

  it('lets no page of another site evict or sweep with the cookies of an operator', async () => {
    const app = await start();
    const [client] = await connect(app, ['red']);
    const [{ id }] = app.service.connections() as [ConnectionSnapshot];
    const strangers: Headers[] = [
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'cross-site', origin: 'http://127.0.0.1' },
      { origin: 'http://evil.example' },
      { origin: 'null' },
    ];
    for (const headers of strangers) {
      const sweeping = await sweep(app, undefined, headers);
      expectRefused(sweeping, /^Refused: a page of another site/, 403);
      const evicting = await ask(at(app, `/connections/${id}`), { method: 'DELETE', headers });
      expectRefused(evicting, /^Refused: a page of another site/, 403);
    }
    expect(app.eventsOf('swept')).toEqual([]);
    expect(client!.isOpen).toBe(true);
  });

  it('lets sweep who is no page of another site', async () => {
    const app = await start();
    const friends: Headers[] = [
      {},
      { 'sec-fetch-site': 'same-origin' },
      { 'sec-fetch-site': 'none' },
      { origin: 'http://127.0.0.1:1234' },
      { origin: 'https://ops.example', 'x-forwarded-host': 'ops.example' },
    ];
    for (const headers of friends) expect((await sweep(app, undefined, headers)).status).toBe(200);
  });
});
