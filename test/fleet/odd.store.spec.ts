import { describe, expect, it } from '@jest/globals';
import { MemoryFleetStore, type FleetStore } from 'nestjs-connection-health';

import { useApps } from '../support/apps.js';
import { TestClient } from '../support/client.js';
import { until } from '../support/wait.js';
import { FLEET_OPTIONS, FleetGateway } from './support/fleet.apps.js';

const BEAT_MS = 500;
const NOW = Date.now();

/** What a store of the app's own may answer when it is asked for its directory. */
const DIRECTORIES: readonly unknown[] = [
  undefined,
  'directory',
  {},
  { now: NOW, entries: null, losses: [] },
  { now: NOW, entries: [null], losses: [] },
  { now: NOW, entries: [{ life: 1, expiresAt: NOW, summary: '' }], losses: [] },
  { now: NaN, entries: [], losses: [] },
  { now: NOW, entries: [], losses: [{ life: 'a.1' }] },
];

describe('a store of the app’s own that answers nonsense', () => {
  const start = useApps();

  it.each(DIRECTORIES)('leaves this node to be seen, and the answer partial: %j', async (directory) => {
    const fleet = new MemoryFleetStore({ beatMs: BEAT_MS });
    const odd: Partial<FleetStore> = { directory: async () => directory as never };
    Object.assign(fleet, odd);
    const { url, service } = await start([FleetGateway], { ...FLEET_OPTIONS, fleet });
    await TestClient.connect(`${url}/?user=anna`);
    const signals = (): string[] => service.snapshot().findings.map(({ signal }) => signal);
    await until('it is told', () => signals().includes('fleet_store_unreachable'), 10_000);
    expect(await service.fleet.snapshot()).toMatchObject({ partial: true, nodes: 1, total_connections: 1 });
    const anna = [expect.objectContaining({ identity: 'anna' })];
    expect(await service.fleet.find({ identity: 'anna' })).toEqual({ connections: anna, partial: true });
    expect(await service.fleet.connections()).toMatchObject({ connections: anna, partial: true });
    expect(await service.fleet.isOnline('bert')).toBe(false);
    expect(service.snapshot().fleet).toMatchObject({ nodes: 1, partial: true });
    expect(await service.fleet.disconnect({ identity: 'anna' })).toMatchObject({ closing: 1, partial: true });
  });

  it.each([
    ['findings', [null]],
    ['gateways', [1]],
    ['staleSessions', [{}]],
    ['byAge', { '0-1h': '7' }],
    ['connections', '5'],
  ])('leaves out a node whose summary has other %s than it should', async (name, value) => {
    const fleet = new MemoryFleetStore({ beatMs: BEAT_MS });
    const [a, b] = [
      await start([FleetGateway], { ...FLEET_OPTIONS, fleet }),
      await start([FleetGateway], { ...FLEET_OPTIONS, fleet }),
    ];
    await until('they know of each other', async () => (await a.service.fleet.snapshot()).nodes === 2);
    const beat = fleet.beat.bind(fleet);
    const odd: FleetStore['beat'] = async (order) => {
      if (!order.life.startsWith(b.service.fleet.nodeId)) return beat(order);
      const summary = JSON.stringify({ ...(JSON.parse(order.summary) as object), [name]: value });
      return beat({ ...order, summary });
    };
    Object.assign(fleet, { beat: odd });
    await until('it is left out', async () => (await a.service.fleet.snapshot()).nodes === 1);
    expect(await a.service.fleet.snapshot()).toMatchObject({ partial: true });
    await until('it is told at once, too, with the next beat', () => a.service.snapshot().fleet.partial);
  });

  it('is not believed where a beat is answered with another word', async () => {
    const fleet = new MemoryFleetStore({ beatMs: BEAT_MS });
    const { service, events } = await start([FleetGateway], { ...FLEET_OPTIONS, fleet });
    Object.assign(fleet, { beat: async () => ({ status: 'perhaps', now: Date.now() }) });
    const isTold = (): boolean =>
      service.snapshot().findings.some(({ message }) => message.includes('answered with perhaps'));
    await until('it is told', isTold, 10_000);
    expect(events.filter(({ type }) => type === 'fleet_rejoined')).toEqual([]);
  });
});
