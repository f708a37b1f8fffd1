import { once } from 'node:events';
import type { AddressInfo } from 'node:net';

import { describe, expect, it } from '@jest/globals';
import { MemoryFleetStore, type ConnectionTarget, type FleetStore } from 'nestjs-connection-health';

import { WebSocketServer } from 'ws';

import { bucketOf } from '../../lib/fleet/record.codec.js';
import type { TestApp } from '../support/app.js';
import { useApps } from '../support/apps.js';
import { TestClient } from '../support/client.js';
import { until } from '../support/wait.js';
import { FLEET_OPTIONS, FleetGateway } from './support/fleet.apps.js';

const BEAT_MS = 500;

function connect(app: TestApp, user: string): Promise<TestClient> {
  return TestClient.connect(`${app.url}/?user=${user}`);
}

describe('several apps of one process', () => {
  const start = useApps();

  async function startFleet(count: number, fleet: FleetStore): Promise<TestApp[]> {
    const apps: TestApp[] = [];
    for (let at = 0; at < count; at++) apps.push(await start([FleetGateway], { ...FLEET_OPTIONS, fleet }));
    await until('all know of all', async () => (await apps[0]!.service.fleet.snapshot()).nodes === count);
    return apps;
  }

  it('are one fleet where they share a store', async () => {
    const [a, b] = await startFleet(2, new MemoryFleetStore({ beatMs: BEAT_MS }));
    await connect(a!, 'anna');
    await connect(b!, 'bert');
    await connect(b!, 'anna');
    await until('a sees all', async () => (await a!.service.fleet.connections()).connections.length === 3);

    const found = await a!.service.fleet.find({ identity: 'anna' });
    expect(found.partial).toBe(false);
    expect(found.connections.map(({ node }) => node).sort()).toEqual(
      [a!.service.fleet.nodeId, b!.service.fleet.nodeId].sort(),
    );
    expect(found.connections[0]).toMatchObject({
      identity: 'anna',
      gateway: 'FleetGateway',
      transport: 'ws',
    });
    expect(await a!.service.fleet.isOnline('bert')).toBe(true);
    expect(await a!.service.fleet.isOnline('carl')).toBe(false);
    await until('the sum is told', async () => (await b!.service.fleet.snapshot()).total_connections === 3);
    const snapshot = await b!.service.fleet.snapshot();
    expect(snapshot).toMatchObject({
      store: 'memory',
      nodes: 2,
      partial: false,
      lost: [],
      split_sessions: [],
    });
    expect(snapshot.members.filter(({ is_self: isSelf }) => isSelf).map(({ id }) => id)).toEqual([
      b!.service.fleet.nodeId,
    ]);
  });

  it('tell users apart who share a field of the index', async () => {
    const [a, b] = await startFleet(2, new MemoryFleetStore({ beatMs: BEAT_MS }));
    const names = Array.from({ length: 5_000 }, (_, at) => `user-${at}`);
    const other = names.find((name) => name !== names[0] && bucketOf(name) === bucketOf(names[0]!))!;
    await connect(b!, names[0]!);
    await connect(b!, other);
    await until('both are there', async () => a!.service.fleet.isOnline(other));
    const { connections } = await a!.service.fleet.find({ identity: other });
    expect(connections.map(({ identity }) => identity)).toEqual([other]);
  });

  it('are each a fleet of their own without one', async () => {
    const a = await start([FleetGateway], FLEET_OPTIONS);
    const b = await start([FleetGateway], FLEET_OPTIONS);
    await connect(a, 'anna');
    await connect(b, 'bert');
    for (const { service } of [a, b])
      expect(await service.fleet.snapshot()).toMatchObject({
        store: 'memory',
        nodes: 1,
        partial: false,
        total_connections: 1,
        connections_by_age: { '0-1h': 1 },
      });
    expect(await a.service.fleet.isOnline('anna')).toBe(true);
    expect(await a.service.fleet.isOnline('bert')).toBe(false);
    const { connections } = await a.service.fleet.find({ identity: 'anna' });
    expect(connections).toMatchObject([{ id: a.service.connections()[0]!.id, node: a.service.fleet.nodeId }]);
    expect(await a.service.fleet.disconnect({ identity: 'anna' })).toEqual({
      closing: 1,
      partial: false,
      unanswered: [],
    });
  });

  it('lists all connections page by page, asked of whichever node', async () => {
    const apps = await startFleet(3, new MemoryFleetStore({ beatMs: BEAT_MS }));
    for (let at = 0; at < 30; at++) await connect(apps[at % 3]!, `user-${at}`);
    const all = apps.flatMap(({ service }) => service.connections().map(({ id }) => id));
    for (const { service } of apps)
      await until('all is written', async () => {
        const { connections, partial } = await service.fleet.connections({ limit: 1_000 });
        return connections.length === 30 && !partial;
      });

    const listed: string[] = [];
    let after: string | undefined;
    let turn = 0;
    do {
      const page = await apps[turn++ % 3]!.service.fleet.connections({ limit: 7, after });
      expect(page.connections.length).toBeLessThanOrEqual(7);
      listed.push(...page.connections.map(({ id }) => id));
      after = page.next;
    } while (after !== undefined);
    expect(listed.sort()).toEqual(all.sort());

    const { service } = apps[0]!;
    expect((await service.fleet.connections({ gateway: 'Other' })).connections).toEqual([]);
    expect((await service.fleet.connections({ minIdleMs: 3_600_000 })).connections).toEqual([]);
    expect((await service.fleet.connections({ identity: 'user-7' })).connections).toHaveLength(1);
    expect((await service.fleet.connections({ node: service.fleet.nodeId })).connections).toHaveLength(10);
  });

  it('lists all connections of an identity page by page, however many there are', async () => {
    const apps = await startFleet(2, new MemoryFleetStore({ beatMs: BEAT_MS }));
    const count = 300;
    for (let at = 0; at < count; at++) await connect(apps[at % 2]!, 'guest');
    await connect(apps[0]!, 'anna');
    for (const { service } of apps)
      await until('all are written', async () => {
        const { connections, partial } = await service.fleet.find({ identity: 'guest' });
        return connections.length === count && !partial;
      });

    const listed: string[] = [];
    let after: string | undefined;
    let turn = 0;
    do {
      const page = await apps[turn++ % 2]!.service.fleet.connections({ identity: 'guest', limit: 70, after });
      expect(page).toMatchObject({ partial: false });
      listed.push(...page.connections.map(({ id }) => id));
      after = page.next;
    } while (after !== undefined);
    expect([turn, new Set(listed).size, listed.length]).toEqual([5, count, count]);

    const { service } = apps[0]!;
    const there = { identity: 'guest', node: apps[1]!.service.fleet.nodeId, limit: 1_000 };
    expect((await service.fleet.connections(there)).connections).toHaveLength(count / 2);
    const alone = await start([FleetGateway], FLEET_OPTIONS);
    for (const user of ['guest', 'anna', 'guest', 'guest']) await connect(alone, user);
    const first = await alone.service.fleet.connections({ identity: 'guest', limit: 2 });
    const rest = await alone.service.fleet.connections({ identity: 'guest', limit: 2, after: first.next });
    expect([first.connections.length, rest.connections.length, rest.next]).toEqual([2, 1, undefined]);
  });

  it.each([
    [{ limit: 0 }, 'connections(): limit: expected a whole number from 1 to 1000, got 0'],
    [{ after: 'nonsense' }, 'connections(): after: expected the "next" of a page, got "nonsense"'],
    [{ identity: '' }, 'connections(): identity: expected a text or a number, got ""'],
    [{ minIdleMs: NaN }, 'connections(): minIdleMs: expected a number of milliseconds from 0, got NaN'],
    [{ minIdleMs: -1 }, 'connections(): minIdleMs: expected a number of milliseconds from 0, got -1'],
  ])('refuses %j', async (filter, message) => {
    const { service } = await start([FleetGateway], FLEET_OPTIONS);
    await expect(service.fleet.connections(filter)).rejects.toThrow(message);
  });

  it('disconnects by identity on every node, and by id on the one that has it, with code and reason', async () => {
    const [a, b, c] = await startFleet(3, new MemoryFleetStore({ beatMs: BEAT_MS }));
    const anna = [await connect(a!, 'anna'), await connect(b!, 'anna'), await connect(c!, 'anna')];
    const bert = await connect(c!, 'bert');
    const order = { code: 4444, reason: 'enough' };
    const report = await a!.service.fleet.disconnect({ identity: 'anna' }, order);
    expect(report).toEqual({ closing: 3, partial: false, unanswered: [] });
    for (const client of anna) await until('it is closed', () => client.closed !== undefined);
    expect(anna.map(({ closed }) => closed)).toMatchObject([order, order, order]);
    expect(bert.isOpen).toBe(true);

    // As it comes from a form of which one field was left empty.
    await connect(c!, 'carl');
    const carl = { identity: 'carl', id: undefined } as unknown as ConnectionTarget;
    expect(await a!.service.fleet.disconnect(carl)).toMatchObject({ closing: 1, partial: false });

    const { id } = c!.service.connections({ identity: 'bert' })[0]!;
    expect(await a!.service.fleet.disconnect({ id })).toMatchObject({ closing: 1, partial: false });
    await until('it is closed', () => bert.closed !== undefined);
    expect(bert.closed).toMatchObject({ code: 4003 });
    expect(await a!.service.fleet.disconnect({ id })).toMatchObject({ closing: 0 });
    expect(await a!.service.fleet.disconnect({ id: 'nobody-1' })).toMatchObject({
      closing: 0,
      partial: false,
    });
    await expect(a!.service.fleet.disconnect({ id }, { code: 1 })).rejects.toThrow('disconnect(): code');
  });

  it('forget connections that nobody watches any more', async () => {
    const [a, b] = await startFleet(2, new MemoryFleetStore({ beatMs: BEAT_MS }));
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
    await once(server, 'listening');
    const stop = a!.service.watch(server, { name: 'Own' });
    const client = await TestClient.connect(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`);
    const [socket] = server.clients;
    a!.service.identify(socket!, 'anna');
    await until('it is seen', () => b!.service.fleet.isOnline('anna'));

    stop();
    await until('it is not', async () => !(await b!.service.fleet.isOnline('anna')));
    expect((await b!.service.fleet.connections()).connections).toEqual([]);
    client.socket.terminate();
    server.close();
  });

  it('leave nothing in the store when they close, one after the other', async () => {
    const store = new MemoryFleetStore({ beatMs: BEAT_MS });
    const [a, b] = await startFleet(2, store);
    await connect(b!, 'bert');
    await a!.app.close();
    expect((await b!.service.fleet.snapshot()).nodes).toBe(1);
    await b!.app.close();
    expect(store.held()).toEqual([]);
  });
});
