import { describe, expect, it } from '@jest/globals';

import { leftovers } from '../../support/leftovers.js';
import { sleep, until } from '../../support/wait.js';
import { allAnswered, QUIET, STEADY, type Stage } from '../support/stage.js';

const DRAIN = { readinessDelayMs: 0, spreadMs: 100, timeoutMs: 900, reconnectSpreadMs: 1_000 };
/** What a loaded machine may add. */
const SLACK = 3_000;

async function liveAndClose(stage: Stage): Promise<void> {
  const running = await stage.start(STEADY);
  const clients = [await stage.connect(running), await stage.connect(running)];
  await allAnswered(running);
  await running.service.disconnect({ id: running.service.connections()[1]!.id });
  await until('one is gone', () => running.eventsOf('closed').length === 1);
  await running.app.close();
  for (const client of clients) client.end();
}

/** How an app ends, and what is left of it. */
export function describeLeaving(stage: Stage): void {
  const { driver } = stage;

  describe('a drain', () => {
    it('sends everybody away when the app closes, one that stands still too', async () => {
      const running = await stage.start(QUIET, { drain: DRAIN });
      const clients = [await stage.connect(running), await stage.connect(running)];
      const peer = await stage.peers(running);
      peer.stop();
      const since = performance.now();
      await running.app.close();
      expect(performance.now() - since).toBeLessThan(DRAIN.timeoutMs + SLACK);
      expect(running.eventsOf('drained')).toMatchObject([{ report: { connections: 3, closed: 3 } }]);
      const told = running.eventsOf('closed').map(({ reason, code }) => `${reason} ${code}`);
      expect(told).toEqual(['shutdown 1012', 'shutdown 1012', 'shutdown 1012']);
      await until('the living are told', () => clients.every((client) => client.farewell !== undefined));
      for (const { farewell } of clients)
        expect(farewell).toEqual(driver.farewellOf(1012, 'service restart'));
      expect(running.service.connections()).toEqual([]);
    });

    it('refuses newcomers with 503 and a time to come back, and serves the others meanwhile', async () => {
      const running = await stage.start(QUIET, { drain: { ...DRAIN, readinessDelayMs: 400 } });
      const client = await stage.connect(running);
      const drained = running.service.drain();
      const { status, retryAfter } = await driver.refusal(running.url);
      expect(status).toBe(503);
      expect(Number(retryAfter)).toBeGreaterThan(0);
      client.emit('echo', 'still served');
      await until('it is served', () => client.echoes.length === 1);
      await expect(drained).resolves.toMatchObject({ connections: 1, closed: 1 });
      expect(running.eventsOf('opened')).toHaveLength(1);
    });
  });

  describe('two apps in one process', () => {
    it('with the same gateway know their own clients only, also when the other is gone', async () => {
      const gateway = driver.gateway(STEADY);
      const one = await stage.startWith(gateway, STEADY);
      const other = await stage.startWith(gateway, STEADY);
      await stage.connect(one);
      const clients = [await stage.connect(other), await stage.connect(other)];
      expect([one, other].map(({ service }) => service.connections().length)).toEqual([1, 2]);
      expect(one.gateway.opened).toHaveLength(1);
      await one.app.close();
      clients.push(await stage.connect(other));
      await allAnswered(other);
      for (const client of clients) client.emit('echo', 'served');
      await until('all are served', () => clients.every(({ echoes }) => echoes.length === 1));
      expect(other.eventsOf('opened')).toHaveLength(3);
      expect(other.eventsOf('closed')).toEqual([]);
    });
  });

  describe('after app.close()', () => {
    it('no timer, no handle and no listener is left', async () => {
      // What Nest, rxjs and Jest set up once is not ours.
      await liveAndClose(stage);
      await sleep(100);
      const left = leftovers();
      try {
        await liveAndClose(stage);
        await until('every timer has ended', () => left.timers() <= 1);
        await until('every handle is closed', () => left.handlesAreBack());
        expect(left.newListeners()).toEqual([]);
      } finally {
        left.stop();
      }
    });

    it('nobody is told of anything, and the server has nothing of ours', async () => {
      const running = await stage.start(STEADY);
      const client = await stage.connect(running);
      await allAnswered(running);
      const { server, clients } = running.gateway;
      await running.app.close();
      const told = running.events.length;
      client.emit('echo', 'anybody?');
      await sleep(2 * STEADY.intervalMs);
      expect(running.events).toHaveLength(told);
      expect(running.service.connections()).toEqual([]);
      const ours = [server, ...clients].flatMap((object) =>
        Reflect.ownKeys(object).filter(
          (key) => Object.getOwnPropertyDescriptor(object, key)?.enumerable !== false,
        ),
      );
      expect(ours.filter((key) => String(key).includes('connection-health'))).toEqual([]);
    });
  });
}
