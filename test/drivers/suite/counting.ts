import { describe, expect, it } from '@jest/globals';
import { Registry } from 'prom-client';

import { Exposition } from '../../metrics/exposition.js';
import { ask } from '../../support/http.client.js';
import { healthChecks, probe } from '../../support/health.js';
import { until } from '../../support/wait.js';
import {
  allAnswered,
  CLOSE_TIMEOUT_MS,
  QUIET,
  STEADY,
  type Stage,
  type StagedApp,
} from '../support/stage.js';

/** What holds at any time: who was opened and is not closed is active, those that are closing included. */
function expectBalance({ service, eventsOf }: StagedApp): void {
  const { total_connections: active, gateways } = service.snapshot();
  const { opened_total: opened, closed_total: closed, total_connections } = gateways['EchoGateway']!;
  const closedTotal = Object.values(closed).reduce((sum, count) => sum + count, 0);
  expect(opened - closedTotal).toBe(active);
  expect(total_connections).toBe(active);
  expect(service.connections()).toHaveLength(active);
  expect(eventsOf('opened').length - eventsOf('closed').length).toBe(active);
}

/** That each connection is counted once, and told of everywhere alike. */
export function describeCounting(stage: Stage): void {
  const { driver } = stage;

  describe('connections', () => {
    it('are opened and closed once, whichever way they end', async () => {
      const running = await stage.start(QUIET);
      const clients = [await stage.connect(running), await stage.connect(running)];
      const killed = await stage.peers(running);
      const stopped = await stage.peers(running);
      expectBalance(running);
      expect(running.eventsOf('opened')).toHaveLength(4);

      clients[0]!.leave();
      await until('one has left', () => running.eventsOf('closed').length === 1);
      expect(running.eventsOf('closed')).toMatchObject([{ reason: 'clean' }]);
      expectBalance(running);

      await killed.kill();
      await until('one has ended without a word', () => running.eventsOf('closed').length === 2);
      expect(running.eventsOf('closed')[1]).toMatchObject({ reason: 'error', code: 1006 });
      expect(running.eventsOf('closed')[1]!.ghost).toBeUndefined();
      expectBalance(running);

      // One that cannot answer the goodbye is closing for a while, and counted.
      stopped.stop();
      const [, second] = running.service.connections();
      await running.service.disconnect({ id: second!.id });
      expect(running.service.connections({ state: 'closing' })).toHaveLength(1);
      expect(running.service.snapshot().gateways['EchoGateway']).toMatchObject({ closing: 1 });
      expectBalance(running);
      await until('it is gone', () => running.eventsOf('closed').length === 3);
      expectBalance(running);
      expect(running.service.connections()).toHaveLength(1);
      expect(new Set(running.eventsOf('closed').map(({ connection }) => connection.id)).size).toBe(3);
    });

    it('are told to hooks and to observers', async () => {
      const running = await stage.start(QUIET);
      const client = await stage.connect(running);
      await until('it is opened', () => running.gateway.opened.length === 1);
      client.leave();
      await until('it is closed', () => running.gateway.closed.length === 1);
      expect(running.gateway.opened).toEqual(running.eventsOf('opened'));
      expect(running.gateway.closed).toEqual(running.eventsOf('closed'));
      const { id } = running.eventsOf('closed')[0]!.connection;
      expect(running.eventsOf('opened')).toMatchObject([{ connection: { id } }]);
      expect(JSON.parse(JSON.stringify(running.events)) as unknown[]).toHaveLength(running.events.length);
    });

    it('are in the diagnostics, the metrics and the health checks', async () => {
      const registry = new Registry();
      const options = { metrics: { registry }, diagnostics: true } as const;
      const running = await stage.start(STEADY, options, healthChecks());
      const clients = [await stage.connect(running), await stage.connect(running)];
      await allAnswered(running);
      clients[0]!.leave();
      await until('one has left', () => running.eventsOf('closed').length === 1);

      const shown = (await ask(`${running.url}/connection-health`)).json();
      expect(shown).toMatchObject({
        total_connections: 1,
        connections_by_age: { '0-1h': 1 },
        connections_by_last_activity: { active_last_60s: 1 },
        findings: [],
        gateways: {
          EchoGateway: {
            opened_total: 2,
            closed_total: { clean: 1 },
            connections_by_transport: { [driver.transport]: 1 },
          },
        },
        heartbeat: { timeouts_total: 0, latency_ms: { p50: expect.any(Number) } },
      });
      const seen = await Exposition.of(registry);
      const gateway = { gateway: 'EchoGateway' };
      expect(seen.value('ws_connections_active', gateway)).toBe(1);
      const carried = { ...gateway, transport: driver.transport };
      expect(seen.value('ws_connections_by_transport', carried)).toBe(1);
      expect(seen.value('ws_connections_opened_total', gateway)).toBe(2);
      expect(seen.value('ws_connections_closed_total', { ...gateway, reason: 'clean' })).toBe(1);
      expect(seen.value('ws_heartbeat_latency_seconds_count', gateway)).toBeGreaterThan(0);
      expect(await probe(running.url, 'live')).toMatchObject({ code: 200, ws: { status: 'up' } });
      expect(await probe(running.url, 'ready')).toMatchObject({ code: 200, ws: { status: 'up' } });
    });

    it('agree with the sockets of the server', async () => {
      const running = await stage.start(QUIET, {
        sweep: { intervalMs: 100, closeTimeoutMs: CLOSE_TIMEOUT_MS },
      });
      await stage.connect(running);
      const leaving = await stage.connect(running);
      await until('it was looked', () => running.eventsOf('swept').length > 1);
      leaving.leave();
      await until('one has left', () => running.eventsOf('closed').length === 1);
      const swept = running.eventsOf('swept').length;
      // One may be under way that had seen both.
      await until('it was looked again', () => running.eventsOf('swept').length > swept + 1);
      expect(running.eventsOf('swept').at(-1)!.report).toMatchObject({ examined: 1, stale: 0 });
      expect(running.eventsOf('registry_mismatch')).toEqual([]);
    });
  });

  describe(`a server of ${driver.name} that Nest did not make`, () => {
    it('is watched with the sockets it has, and left with all of them', async () => {
      const { service, eventsOf } = await stage.start(QUIET);
      const foreign = await stage.listen(QUIET);
      const clients = [await stage.connect(foreign)];
      const stopWatching = service.watch(foreign.server, { name: 'legacy' });
      clients.push(await stage.connect(foreign));
      const seen = service.connections().map(({ gateway, transport }) => [gateway, transport]);
      expect(seen).toEqual([
        ['legacy', driver.transport],
        ['legacy', driver.transport],
      ]);
      for (const client of clients) client.emit('echo', 'still there?');
      await until('both are served', () => clients.every(({ echoes }) => echoes.length === 1));
      clients[0]!.leave();
      await until('one has left', () => eventsOf('closed').length === 1);
      expect(eventsOf('closed')).toMatchObject([{ reason: 'clean', connection: { gateway: 'legacy' } }]);

      clients.push(await stage.connect(foreign));
      stopWatching();
      expect(service.connections()).toEqual([]);
      clients.push(await stage.connect(foreign));
      const served = clients.slice(1);
      for (const client of served) client.emit('echo', 'and now?');
      await until('all are served', () => served.every(({ echoes }) => echoes.at(-1) === 'and now?'));
      expect(service.connections()).toEqual([]);
      expect(eventsOf('closed')).toHaveLength(1);
    });
  });
}
