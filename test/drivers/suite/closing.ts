import { describe, expect, it } from '@jest/globals';

import { identifyByQuery } from '../../fleet/support/fleet.apps.js';
import { sleep, until, untilSilent } from '../../support/wait.js';
import type { DriverClient } from '../support/driver.js';
import {
  allAnswered,
  BRISK,
  CLOSE_TIMEOUT_MS,
  FORGIVING,
  onlyConnection,
  QUIET,
  type Stage,
} from '../support/stage.js';

const TICK = 30;
/** What a loaded machine may add. */
const SLACK = 2_500;

/** Who is closed by us, why, and that it always ends. */
export function describeClosing(stage: Stage): void {
  const { driver } = stage;

  describe('closing', () => {
    it('by id or identity says so to the client, with a code and a text', async () => {
      const running = await stage.start(QUIET, { identify: identifyByQuery });
      const users = ['ada', 'bob', 'ada'];
      const clients: DriverClient[] = [];
      for (const user of users) clients.push(await stage.connect(running, { user }));
      const { id } = running.service.connections({ identity: 'bob' })[0]!;
      await expect(running.service.disconnect({ id })).resolves.toBe(1);
      const farewell = { code: 4444, reason: 'signed out elsewhere' };
      await expect(running.service.disconnect({ identity: 'ada' }, farewell)).resolves.toBe(2);
      await until('all are told', () => clients.every((client) => client.farewell !== undefined));
      expect(clients.map((client) => client.farewell)).toEqual([
        driver.farewellOf(4444, 'signed out elsewhere'),
        driver.farewellOf(4003, 'evicted'),
        driver.farewellOf(4444, 'signed out elsewhere'),
      ]);
      await until('all are gone', () => running.eventsOf('closed').length === 3);
      const told = running.eventsOf('closed').map(({ connection, reason, code }) => ({
        identity: connection.identity,
        reason,
        code,
      }));
      expect(told).toEqual(
        expect.arrayContaining([
          { identity: 'bob', reason: 'evicted', code: 4003 },
          { identity: 'ada', reason: 'evicted', code: 4444 },
          { identity: 'ada', reason: 'evicted', code: 4444 },
        ]),
      );
      await expect(running.service.disconnect({ id })).resolves.toBe(0);
      expect(running.service.connections()).toEqual([]);
    });

    it('by the sweep finds the stale, and only looks where it is asked to', async () => {
      const running = await stage.start(QUIET);
      const [stale, active] = [await stage.connect(running), await stage.connect(running)];
      const { id } = running.service.connections()[0]!;
      await untilSilent(running.service, 800);
      active.emit('echo', 'not me');
      await until('it is heard', () => active.echoes.length === 1);
      const dry = await running.service.sweep({ staleAfterMs: 700, dryRun: true });
      expect(dry).toMatchObject({ examined: 2, stale: 1, closed: 0, connections: [{ id }] });
      await sleep(50);
      expect(stale.isOpen).toBe(true);
      await expect(running.service.sweep({ staleAfterMs: 700 })).resolves.toMatchObject({ closed: 1 });
      await until('it is gone', () => running.eventsOf('closed').length === 1);
      expect(running.eventsOf('closed')).toMatchObject([
        { reason: 'stale_sweep', code: 4000, connection: { id } },
      ]);
      await until('it is told', () => stale.farewell !== undefined);
      expect(stale.farewell).toEqual(driver.farewellOf(4000, 'stale connection'));
      expect(active.isOpen).toBe(true);
    });

    it('ends though the client never answers', async () => {
      const running = await stage.start(QUIET);
      const peer = await stage.peers(running);
      const { id } = await onlyConnection(running);
      peer.stop();
      const since = performance.now();
      await running.service.disconnect({ id });
      expect(running.service.connections()).toMatchObject([{ id, state: 'closing' }]);
      await until('it is gone', () => running.eventsOf('closed').length === 1);
      expect(performance.now() - since).toBeLessThan(CLOSE_TIMEOUT_MS + TICK + SLACK);
      expect(performance.now() - since).toBeGreaterThan(CLOSE_TIMEOUT_MS - TICK);
      expect(running.eventsOf('closed')).toMatchObject([
        {
          reason: 'evicted',
          code: 4003,
          connection: { id },
          evidence: { receivedCode: driver.destroyedCode },
        },
      ]);
    });
  });

  describe('a ghost', () => {
    it('is found within its bound, named, and ended without its help', async () => {
      const running = await stage.start(BRISK);
      const peer = await stage.peers(running);
      const { id } = await onlyConnection(running);
      await allAnswered(running);
      peer.stop();
      const since = performance.now();
      await until('it is found', () => running.service.connections({ state: 'open' }).length === 0);
      expect(performance.now() - since).toBeLessThan(BRISK.intervalMs + BRISK.timeoutMs + TICK + SLACK);
      await until('it is gone', () => running.eventsOf('closed').length === 1);
      // A library that judges by itself does so after a stall of ours, too: then nobody can tell whose silence it was.
      const isSure = driver.governs || running.eventsOf('stalled').length === 0;
      const { ghost } = running.eventsOf('closed')[0]!;
      expect(isSure ? [driver.ghost] : [driver.ghost, 'unknown']).toContain(ghost);
      expect(running.eventsOf('closed')).toMatchObject([
        {
          reason: 'timeout',
          code: driver.timeoutCode,
          connection: { id },
          evidence: { hasAnswered: true },
        },
      ]);
      expect(running.service.snapshot()).toMatchObject({
        total_connections: 0,
        heartbeat: { timeouts_total: 1 },
        gateways: { EchoGateway: { ghosts_total: { [ghost!]: 1 } } },
      });
    });
  });

  (driver.governs ? describe : describe.skip)('a crowd that falls silent at once', () => {
    it('is held and asked once more, and stays when it answers', async () => {
      const running = await stage.start(FORGIVING, { massTimeout: { ratio: 0.5, minConnections: 10 } });
      // Enough that those asked within half a timeout tell of the whole.
      const crowd = await stage.peers(running, 30);
      await allAnswered(running);
      crowd.stop();
      await until('the mass is noticed', () => running.eventsOf('mass_timeout').length === 1);
      crowd.goOn();
      await until('somebody recovers', () =>
        running.service.connections().every(({ missed }) => missed === 0),
      );
      await sleep(FORGIVING.intervalMs);
      expect(running.eventsOf('closed')).toEqual([]);
      expect(running.service.connections({ state: 'open' })).toHaveLength(30);
    });
  });
}
