import { describe, expect, it } from '@jest/globals';
import { WebSocketGateway } from '@nestjs/websockets';

import { useApps } from '../support/apps.js';
import { TestClient } from '../support/client.js';
import { sleep, until } from '../support/wait.js';

@WebSocketGateway({ path: '/red' })
class RedGateway {}

@WebSocketGateway({ path: '/blue' })
class BlueGateway {}

function ages(count: number): object {
  return { '0-1h': count, '1-6h': 0, '6-12h': 0, '12-24h': 0, '24h+': 0 };
}

function activity(count: number): object {
  return { active_last_60s: count, 'idle_1-5min': 0, 'idle_5min+': 0 };
}

describe('the service', () => {
  const start = useApps();

  async function fiveClients(): Promise<{
    running: Awaited<ReturnType<typeof start>>;
    clients: TestClient[];
  }> {
    const running = await start([RedGateway, BlueGateway], {
      heartbeat: { intervalMs: 2_000 },
      identify: (_client, request) => new URL(request!.url!, 'http://host').searchParams.get('user'),
    });
    const places = ['red?user=ada', 'red?user=ada', 'red', 'blue?user=ada', 'blue?user=bob'];
    const clients: TestClient[] = [];
    for (const place of places) clients.push(await TestClient.connect(`${running.url}/${place}`));
    return { running, clients };
  }

  it('gives aggregates with the keys of the design', async () => {
    const { running } = await fiveClients();
    await running.service.sweep();
    const snapshot = running.service.snapshot();
    expect(Object.keys(snapshot).slice(0, 3)).toEqual([
      'total_connections',
      'connections_by_age',
      'connections_by_last_activity',
    ]);
    const gateway = (count: number): object => ({
      total_connections: count,
      closing: 0,
      connections_by_age: ages(count),
      connections_by_last_activity: activity(count),
    });
    expect(snapshot).toMatchObject({
      total_connections: 5,
      connections_by_age: ages(5),
      connections_by_last_activity: activity(5),
      gateways: { RedGateway: gateway(3), BlueGateway: gateway(2) },
      heartbeat: { sent_total: expect.any(Number) },
      sweep: { last: { examined: 5, stale: 0, closed: 0 } },
    });
    expect(JSON.stringify(snapshot)).not.toContain('127.0.0.1');
    expect(JSON.parse(JSON.stringify(snapshot))).toMatchObject({ total_connections: 5 });
    await until('latencies are known', () => running.service.snapshot().heartbeat.latency_ms !== undefined);
    const { latency_ms: latency, sent_total: sent } = running.service.snapshot().heartbeat;
    expect(latency!.p50).toBeGreaterThan(0);
    expect(latency!.p99).toBeGreaterThanOrEqual(latency!.p50);
    expect(sent).toBeGreaterThan(0);
  });

  it('lists connections by gateway, state, identity and idleness, oldest first', async () => {
    const { running, clients } = await fiveClients();
    const list = (filter?: Parameters<typeof running.service.connections>[0]): number[] => {
      const all = running.service.connections().map(({ id }) => id);
      return running.service.connections(filter).map(({ id }) => all.indexOf(id));
    };
    expect(list()).toEqual([0, 1, 2, 3, 4]);
    expect(list({ gateway: 'RedGateway' })).toEqual([0, 1, 2]);
    expect(list({ identity: 'ada' })).toEqual([0, 1, 3]);
    expect(list({ identity: 'ada', gateway: 'BlueGateway' })).toEqual([3]);
    expect(list({ limit: 2 })).toEqual([0, 1]);
    expect(list({ limit: 0 })).toEqual([]);
    expect(list({ gateway: 'nobody' })).toEqual([]);
    expect(list({ state: 'open' })).toEqual([0, 1, 2, 3, 4]);
    expect(list({ state: 'closing' })).toEqual([]);
    await sleep(300);
    clients[3]!.send({ event: 'chat' });
    await until('it has been heard', () => running.service.connections()[3]!.idleMs < 200);
    expect(list({ minIdleMs: 250 })).not.toContain(3);
    const [snapshot] = running.service.connections();
    expect(snapshot).toMatchObject({
      id: expect.stringMatching(/^[0-9a-z]+-[0-9a-z]+$/),
      gateway: 'RedGateway',
      transport: 'ws',
      state: 'open',
      identity: 'ada',
      address: '127.0.0.1',
      path: '/red',
      missed: 0,
      bufferedBytes: 0,
    });
    const { openedAt, ageMs, lastActivityAt, idleMs } = snapshot!;
    expect(Math.abs(openedAt + ageMs - Date.now())).toBeLessThan(1_000);
    expect(Math.abs(lastActivityAt + idleMs - Date.now())).toBeLessThan(1_000);
  });

  it('disconnects one by its id', async () => {
    const { running, clients } = await fiveClients();
    const { id } = running.service.connections()[1]!;
    await expect(running.service.disconnect({ id })).resolves.toBe(1);
    await until('it is closed', () => clients[1]!.closed !== undefined);
    expect(clients[1]!.closed).toMatchObject({ code: 4003, reason: 'evicted' });
    await until('it is gone', () => running.eventsOf('closed').length === 1);
    expect(running.eventsOf('closed')).toMatchObject([
      { reason: 'evicted', code: 4003, connection: { id }, evidence: { sentCode: 4003 } },
    ]);
    expect(running.eventsOf('closed')[0]!.ghost).toBeUndefined();
    await expect(running.service.disconnect({ id })).resolves.toBe(0);
    await expect(running.service.disconnect({ id: 'nonsense' })).resolves.toBe(0);
    expect(clients.filter(({ isOpen }) => isOpen)).toHaveLength(4);
  });

  it('disconnects everything of an identity, with a code and a text of its own', async () => {
    const { running, clients } = await fiveClients();
    const farewell = { code: 4999, reason: 'signed out elsewhere' };
    await expect(running.service.disconnect({ identity: 'ada' }, farewell)).resolves.toBe(3);
    await until('they are gone', () => running.eventsOf('closed').length === 3);
    expect([0, 1, 3].map((index) => clients[index]!.closed)).toMatchObject([farewell, farewell, farewell]);
    expect(running.eventsOf('closed').map(({ reason, code }) => [reason, code])).toEqual(
      Array.from({ length: 3 }, () => ['evicted', 4999]),
    );
    expect([2, 4].map((index) => clients[index]!.isOpen)).toEqual([true, true]);
    await expect(running.service.disconnect({ identity: 'ada' })).resolves.toBe(0);
    await expect(running.service.disconnect({ identity: 'nobody' })).resolves.toBe(0);
  });

  it.each([
    [{ id: 'x' }, { code: 1005 }, /disconnect\(\): code: expected a close code that may be sent .* got 1005/],
    [{ id: 'x' }, { code: 99 }, /code: .* got 99/],
    [{ id: 'x' }, { code: 2_000 }, /code: .* got 2000/],
    [{ id: 'x' }, { code: 4000.5 }, /code: .* got 4000.5/],
    [{ id: 'x' }, { code: '4000' }, /code: .* got "4000"/],
    [{ id: 'x' }, { reason: 'é'.repeat(62) }, /reason: expected a text of at most 123 bytes, got "é+"/],
    [{ id: 'x' }, { reason: 5 }, /reason: .* got 5/],
    [{}, {}, /target: expected \{ id \} or \{ identity \}, got an object with the keys \(none\)/],
    [undefined, {}, /target: .* got undefined/],
    [{ id: 5 }, {}, /target: .* got an object with the keys id/],
  ])('refuses disconnect(%j, %j)', async (target, options, message) => {
    const running = await start([RedGateway]);
    const client = await TestClient.connect(`${running.url}/red`);
    const refused = running.service.disconnect(target as { id: string }, options as object);
    await expect(refused).rejects.toThrow(message);
    await expect(refused).rejects.toMatchObject({
      name: 'ConnectionHealthArgumentError',
      code: 'INVALID_ARGUMENT',
    });
    expect(client.isOpen).toBe(true);
  });
});
