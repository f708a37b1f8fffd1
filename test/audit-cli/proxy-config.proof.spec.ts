import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { namespacesForbidden, NetworkNamespace } from '../process/network.namespace.js';
import type { RunningProxy } from '../proxy-lab/lab.js';
import { Crowd, type Door, doorOf, type Fate, fateOf, HEADS } from '../proxy-lab/proof/crowd/crowd.js';
import { expectOurs, type Promised } from '../proxy-lab/proof/expectations.js';
import { type FoundGhost, outcomeOf } from '../proxy-lab/proof/proof.result.js';
import { ROWS as LAB_ROWS, type Row } from '../proxy-lab/proof/rows.js';
import { ProofServers } from '../proxy-lab/proof/servers/proof.servers.js';
import { sleep, until } from '../support/wait.js';
import { PRINTED, startPrinted } from './proxies.js';

const PROMISED: Promised = {
  intervalMs: 1_000,
  timeoutMs: 600,
  tickMs: 100,
  closeTimeoutMs: 500,
  slackMs: 1_500,
};
const WATCH_MS = 5_500;

/** Nothing of what is printed answers pings, the bridge in Lua included, or hides that a client has left. */
const TRANSPARENT = LAB_ROWS.find(({ title }) => title === 'nginx')!;
const ROWS = PRINTED.map(([name]): Row => ({ ...TRANSPARENT, title: name, name }));

describe('the crowd of the proof, behind the printed configurations', () => {
  let network: NetworkNamespace | undefined;
  let servers: ProofServers;
  let crowd: Crowd;
  let metAt: ReadonlyMap<Fate, number>;
  const proxies: RunningProxy[] = [];

  beforeAll(async () => {
    network = namespacesForbidden() === undefined ? NetworkNamespace.create() : undefined;
    const host = network?.outsideAddress ?? '127.0.0.1';
    crowd = new Crowd(network);
    const { intervalMs, timeoutMs, closeTimeoutMs } = PROMISED;
    const options = { heartbeat: { intervalMs, timeoutMs }, sweep: { closeTimeoutMs } };
    servers = await ProofServers.start(host, options, intervalMs);
    const doors: Door[] = [];
    for (const row of PRINTED) {
      const place = { host, path: '/ours', upstreamPort: servers.front.port };
      const proxy = await startPrinted(row, { ...place, options: ['--interval', `${intervalMs}ms`] });
      proxies.push(proxy);
      doors.push({ name: row[0], urlFor: (who) => proxy.url(`/ours?who=${who}`) });
    }
    await crowd.gather(doors);
    await until('everybody has answered', everybodyHasAnswered, 20_000);
    metAt = await crowd.meetFates();
    await sleep(WATCH_MS);
  }, 120_000);

  afterAll(async () => {
    await crowd?.end();
    await Promise.all(proxies.map((proxy) => proxy.stop()));
    await servers?.stop();
    network?.remove();
  }, 60_000);

  function everybodyHasAnswered(): boolean {
    const perDoor = crowd.fates.reduce((sum, fate) => sum + HEADS[fate], 0);
    const connections = servers.ours.service.connections();
    const answered = connections.filter(({ latencyMs }) => latencyMs !== undefined);
    return answered.length === perDoor * PRINTED.length;
  }

  function ghostsOf(name: string): FoundGhost[] {
    const { ours } = servers;
    const held = new Set(ours.eventsOf('held').map(({ connection }) => connection.identity));
    const missed = new Map(ours.eventsOf('missed').map(({ at, connection }) => [connection.identity, at]));
    return ours.eventsOf('closed').flatMap(({ ghost, connection: { identity } }): FoundGhost[] => {
      if (ghost === undefined || identity === undefined || doorOf(identity) !== name) return [];
      const foundMs = missed.get(identity)! - (metAt.get(fateOf(identity)) ?? Infinity);
      return [{ who: identity, kind: ghost, foundMs, wasHeld: held.has(identity) }];
    });
  }

  it.each(ROWS)('$title: every ghost is found in time as silent, and nobody who lives is closed', (row) => {
    const { held, goneAt } = servers.gateways.ours;
    const ours = outcomeOf(row, { held: [...held.values()], goneAt, fates: crowd.fates, metAt });
    // The other columns of the proof are not of interest here.
    const outcomes = { nothing: ours, pings: ours, ours };
    expectOurs({ row, outcomes, found: ghostsOf(row.name) }, crowd.fates, PROMISED);
  });

  it('those who live have noticed nothing', async () => {
    const reports = await crowd.living();
    expect(reports.filter(({ isOpen }) => !isOpen)).toEqual([]);
    expect(reports).toHaveLength(HEADS.answers * PRINTED.length);
  });
});
