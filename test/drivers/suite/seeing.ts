import { describe, expect, it } from '@jest/globals';

import { identifyByQuery } from '../../fleet/support/fleet.apps.js';
import { sleep, until } from '../../support/wait.js';
import { allAnswered, onlyConnection, QUIET, STEADY, type Stage } from '../support/stage.js';

/** What has to come back as it was sent. */
const DATA: readonly unknown[] = [
  'text',
  '',
  'żółć 🐘 \u0000 "quoted" \\ \n',
  0,
  -1.5,
  true,
  null,
  [1, [2, { three: 3 }]],
  { type: 'client_pong', ts: 1 },
  { type: 'server_ping', ts: 1, interval: 1 },
  '{"type":"client_ping","ts":1}',
  '2probe',
  'x'.repeat(100_000),
];

/** What the app learns of a client, and that it gets everything the client says. */
export function describeSeeing(stage: Stage): void {
  const { driver } = stage;

  describe('a client', () => {
    it('is described by its snapshot', async () => {
      const running = await stage.start(STEADY, { identify: identifyByQuery });
      const before = Date.now();
      await stage.connect(running, { userAgent: 'ada-browser', user: 'ada' });
      await allAnswered(running);
      const seen = await onlyConnection(running);
      expect(seen).toMatchObject({
        id: expect.stringMatching(/^[0-9a-z]+-[0-9a-z]+$/),
        gateway: 'EchoGateway',
        transport: driver.transport,
        state: 'open',
        identity: 'ada',
        address: '127.0.0.1',
        userAgent: 'ada-browser',
        path: driver.path,
        missed: 0,
        bufferedBytes: 0,
      });
      expect(seen.latencyMs).toBeGreaterThan(0);
      expect(seen.latencyMs).toBeLessThan(seen.ageMs + 1);
      expect(seen.openedAt).toBeGreaterThanOrEqual(before - 5);
      expect(Math.abs(seen.openedAt + seen.ageMs - Date.now())).toBeLessThan(500);
      expect(seen.lastActivityAt).toBeGreaterThanOrEqual(seen.openedAt);
      expect(Math.abs(seen.lastActivityAt + seen.idleMs - Date.now())).toBeLessThan(500);
    });

    it('stays as long as it answers, and is active by its answers alone', async () => {
      const running = await stage.start(STEADY);
      const client = await stage.connect(running);
      await allAnswered(running);
      const { lastActivityAt } = await onlyConnection(running);
      const sent = (): number => running.service.snapshot().heartbeat.sent_total;
      await until('it was asked several times', () => sent() >= 4, 15_000);
      await until('it has answered', () => running.service.connections()[0]!.lastActivityAt > lastActivityAt);
      expect(client.isOpen).toBe(true);
      expect(running.eventsOf('missed')).toEqual([]);
      expect(running.service.snapshot().heartbeat.latency_ms!.p50).toBeGreaterThan(0);
    });

    it('is active by what it says', async () => {
      const running = await stage.start(QUIET);
      const client = await stage.connect(running);
      await sleep(400);
      const { lastActivityAt, idleMs } = await onlyConnection(running);
      expect(idleMs).toBeGreaterThanOrEqual(250);
      client.emit('echo', 'here I am');
      await until('it is heard', () => running.service.connections()[0]!.lastActivityAt > lastActivityAt);
      expect((await onlyConnection(running)).idleMs).toBeLessThan(running.service.connections()[0]!.ageMs);
    });

    it('and the app get from each other what was sent, in its order, and nothing of ours', async () => {
      const running = await stage.start(STEADY);
      const client = await stage.connect(running);
      const all = [...DATA, ...driver.ownData];
      for (const data of all) client.emit('echo', data);
      await allAnswered(running);
      for (let number = 0; number < 50; number++) client.emit('echo', number);
      await until('all has come back', () => client.echoes.length === all.length + 50);
      // A protocol of pings and answers goes on meanwhile, and none of it shows.
      await sleep(STEADY.intervalMs);
      expect(client.echoes).toEqual([...all, ...Array.from({ length: 50 }, (_, number) => number)]);
      expect(running.eventsOf('user_code_failed')).toEqual([]);
    });

    it('is found by its socket and in its handlers, and identified late', async () => {
      const running = await stage.start(QUIET);
      const client = await stage.connect(running);
      await until('the gateway has it', () => running.gateway.clients.length === 1);
      const [socket] = running.gateway.clients as [object];
      const { id } = await onlyConnection(running);
      expect(running.service.get(socket)).toMatchObject({ id, state: 'open' });
      expect(running.service.identify(socket, 'ada')).toBe(true);
      expect(running.service.connections({ identity: 'ada' })).toHaveLength(1);
      expect(running.eventsOf('identified')).toMatchObject([{ connection: { id, identity: 'ada' } }]);
      client.emit('whoami', {});
      await until('the handler was told', () => running.gateway.infos.length === 1);
      expect(running.gateway.infos).toMatchObject([
        { id, identity: 'ada', gateway: 'EchoGateway', transport: driver.transport },
      ]);
      client.leave();
      await until('it is gone', () => running.eventsOf('closed').length === 1);
      expect(running.service.get(socket)).toMatchObject({ id, state: 'closed' });
      expect(running.service.identify(socket, 'bob')).toBe(false);
    });
  });
}
