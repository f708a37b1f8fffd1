import { describe, expect, it } from '@jest/globals';
import { WebSocketGateway } from '@nestjs/websockets';

import { useApps } from '../support/apps.js';
import { TestClient } from '../support/client.js';
import { sleep, until } from '../support/wait.js';

/** Life is judged by protocol pings alone. */
const PINGS_ONLY = {
  heartbeat: false,
  protocolPing: { intervalMs: 200 },
  sweep: { intervalMs: 200, staleAfterMs: 700 },
} as const;

@WebSocketGateway()
class PlainGateway {}

describe('the sweep', () => {
  const start = useApps();

  it('closes with 4000 who answers no protocol ping, and keeps who does or says anything', async () => {
    const running = await start([PlainGateway], PINGS_ONLY);
    const [pongs, talks, mute] = [
      await TestClient.connect(running.url, { answers: false }),
      await TestClient.connect(running.url, { answers: false, autoPong: false }),
      await TestClient.connect(running.url, { answers: false, autoPong: false }),
    ];
    const chat = setInterval(() => talks.send({ event: 'chat' }), 100);
    await until('the mute one is closed', () => mute.closed !== undefined);
    await sleep(PINGS_ONLY.sweep.staleAfterMs);
    clearInterval(chat);
    expect(mute.closed).toMatchObject({ code: 4000, reason: 'stale connection' });
    expect(mute.closed!.at - mute.openedAt).toBeGreaterThan(PINGS_ONLY.sweep.staleAfterMs);
    expect([pongs.isOpen, talks.isOpen]).toEqual([true, true]);
    expect([pongs, talks, mute].map(({ pings }) => pings.length)).toEqual([0, 0, 0]);
    const [stale] = running.eventsOf('stale');
    const [closed] = running.eventsOf('closed');
    expect(closed).toMatchObject({ reason: 'stale_sweep', code: 4000, ghost: 'silent' });
    expect(closed!.connection.id).toBe(stale!.connection.id);
    expect(closed!.evidence.idleMs).toBeGreaterThan(PINGS_ONLY.sweep.staleAfterMs);
    expect(closed!.evidence).toMatchObject({ sentCode: 4000, hasAnswered: false });
    expect(running.events.indexOf(stale!)).toBeLessThan(running.events.indexOf(closed!));
  });

  it.each([
    ['mode observe', { ...PINGS_ONLY, sweep: { ...PINGS_ONLY.sweep, mode: 'observe' } }, 1],
    ['sweep: false', { ...PINGS_ONLY, sweep: false }, 0],
  ] as const)('closes nobody with %s, unless it is told to', async (_name, options, spared) => {
    const running = await start([PlainGateway], options);
    const mute = await TestClient.connect(running.url, { answers: false, autoPong: false });
    await sleep(3 * PINGS_ONLY.sweep.staleAfterMs);
    expect(mute.isOpen).toBe(true);
    expect(running.eventsOf('spared').map(({ reason }) => reason)).toEqual(
      Array.from({ length: spared }, () => 'stale_sweep'),
    );
    expect(running.eventsOf('stale')).toEqual([]);
    const report = await running.service.sweep({ staleAfterMs: 500, dryRun: false });
    expect(report).toMatchObject({ stale: 1, closed: 1, dryRun: false });
    await until('it is closed', () => mute.closed !== undefined);
    expect(mute.closed).toMatchObject({ code: 4000 });
  });

  it('by hand reports, longest silent first, and touches nobody in a dry run', async () => {
    const running = await start([PlainGateway]);
    const clients = [];
    for (let count = 0; count < 3; count++) {
      clients.push(await TestClient.connect(running.url, { headers: { 'user-agent': `number ${count}` } }));
      await sleep(40);
    }
    clients[0]!.send({ event: 'chat' });
    await until('the first has been heard', () => running.service.connections()[0]!.idleMs < 40);
    await sleep(300);
    await TestClient.connect(running.url, { headers: { 'user-agent': 'fresh' } });
    const order = { staleAfterMs: 250 };

    const dry = await running.service.sweep({ ...order, dryRun: true });
    expect(dry).toMatchObject({ staleAfterMs: 250, dryRun: true, examined: 4, stale: 3, closed: 0 });
    expect(dry.connections.map(({ userAgent }) => userAgent)).toEqual(['number 1', 'number 2', 'number 0']);
    expect(clients.every(({ isOpen }) => isOpen)).toBe(true);
    expect(running.events.map(({ type }) => type)).toEqual([...Array<string>(4).fill('opened'), 'swept']);
    expect(Math.abs(dry.at - Date.now())).toBeLessThan(5_000);

    const real = await running.service.sweep(order);
    expect(real).toMatchObject({ dryRun: false, examined: 4, stale: 3, closed: 3 });
    expect(JSON.parse(JSON.stringify(real))).toMatchObject({ closed: 3 });
    await until('they are gone', () => running.service.connections().length === 1);
    const { connections: _connections, ...last } = real;
    expect(running.service.snapshot().sweep.last).toEqual(last);
    await expect(running.service.sweep()).resolves.toMatchObject({ examined: 1, stale: 0, closed: 0 });
  });

  it.each([
    [{ staleAfterMs: 0 }, /staleAfterMs: expected a number of milliseconds above 0, got 0/],
    [{ staleAfterMs: Number.NaN }, /staleAfterMs: .* got NaN/],
    [{ staleAfterMs: '1' as unknown as number }, /staleAfterMs: .* got "1"/],
    [{ dryRun: 1 as unknown as boolean }, /dryRun: expected true or false, got 1/],
  ])('refuses the order %j', async (order, message) => {
    const running = await start([PlainGateway]);
    const client = await TestClient.connect(running.url);
    await expect(running.service.sweep(order)).rejects.toThrow(message);
    expect(client.isOpen).toBe(true);
    expect(running.eventsOf('swept')).toEqual([]);
  });
});
