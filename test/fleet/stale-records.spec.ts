import { describe, expect, it } from '@jest/globals';
import { MemoryFleetStore } from 'nestjs-connection-health';

import type { NodeSummary } from '../../lib/fleet/node.summary.js';
import { staleRecordsFinding } from '../../lib/fleet/stale-records.finding.js';
import type { TestApp } from '../support/app.js';
import { useApps } from '../support/apps.js';
import { TestClient } from '../support/client.js';
import { sleep, until } from '../support/wait.js';
import { FLEET_OPTIONS, FleetGateway } from './support/fleet.apps.js';

const NOW = 1_000_000;

function node(id: string, more: Partial<NodeSummary>): { id: string; summary: NodeSummary } {
  const summary = {
    name: `host:${id}`,
    overdue: 0,
    connections: 5,
    activityAt: NOW,
    activityEveryMs: 1_000,
    ...more,
  };
  return { id, summary: summary as NodeSummary };
}

describe('the finding about stale records', () => {
  it.each([
    ['nobody is overdue', {}, undefined],
    ['some are overdue', { overdue: 2 }, 'host:b (b) keeps 2 stale of 5 connections'],
    ['it does not say who lives', { activityAt: NOW - 3_001 }, 'host:b (b) has not said for 3 s which'],
    ['it says it a little late', { activityAt: NOW - 3_000 }, undefined],
    ['it has nobody to speak of', { activityAt: 0, connections: 0 }, undefined],
  ])('where %s', (_case, more, message) => {
    const finding = staleRecordsFinding([node('a', {}), node('b', more)], NOW);
    expect(finding?.signal).toBe(message === undefined ? undefined : 'fleet_stale_records');
    expect(finding?.message ?? '').toContain(message ?? '');
  });
});

function standing(app: TestApp): string[] {
  return app.service.snapshot().findings.map(({ signal, message }) => `${signal}: ${message}`);
}

describe('a node that beats and does not sweep', () => {
  const start = useApps();

  it('is named by a finding on the others, and its stale session beside the live one of the same user', async () => {
    const fleet = new MemoryFleetStore({ beatMs: 500 });
    const options = { ...FLEET_OPTIONS, fleet };
    const heartbeat = { intervalMs: 300, timeoutMs: 200, enforce: 'observe' } as const;
    const lazy = await start([FleetGateway], { ...options, heartbeat, sweep: false });
    const other = await start([FleetGateway], options);
    const crowd: TestClient[] = [];
    const silent = { answers: false, autoPong: false };
    const ghost = (): Promise<TestClient> => TestClient.connect(`${lazy.url}/?user=anna`, silent);
    const ghosts = [await ghost(), await ghost()];
    for (let guest = 0; guest < 25; guest++)
      crowd.push(await TestClient.connect(`${lazy.url}/?user=guest`, silent));
    // Of three stale ones of hers, neither the first nor the last has been silent for the longest time.
    await sleep(1_500);
    ghosts[0]!.socket.send('{}');
    ghosts.push(await ghost());
    // Stale as well, and nowhere else.
    const lonely = await TestClient.connect(`${lazy.url}/?user=carl`, silent);
    await TestClient.connect(`${other.url}/?user=anna`);
    await TestClient.connect(`${lazy.url}/?user=bert`);

    const lazyId = lazy.service.fleet.nodeId;
    await until(
      'the finding stands',
      () => standing(other).some((line) => line.includes(`(${lazyId}) keeps 29 stale of 30`)),
      20_000,
    );
    const snapshot = await other.service.fleet.snapshot();
    expect(snapshot.members.find(({ id }) => id === lazyId)).toMatchObject({ overdue: 29 });
    expect(snapshot.split_sessions).toMatchObject([
      { identity: 'anna', stale_on: lazyId, online_on: [other.service.fleet.nodeId] },
    ]);

    await until('the longest silence is told', async () => {
      const [session] = (await other.service.fleet.snapshot()).split_sessions;
      const idle = lazy.service.connections().filter(({ identity }) => identity === 'anna');
      const [, ...shorter] = idle.map(({ idleMs }) => idleMs).toSorted((one, next) => next - one);
      return shorter.length === 2 && session !== undefined && session.idle_ms > Math.max(...shorter);
    });

    for (const { socket } of [...crowd, ...ghosts, lonely]) socket.terminate();
    await until(
      'it is right again',
      () => !standing(other).some((line) => line.startsWith('fleet_stale')),
      20_000,
    );
    expect((await other.service.fleet.snapshot()).split_sessions).toEqual([]);
  });
});
