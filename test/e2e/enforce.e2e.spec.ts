import { describe, expect, it } from '@jest/globals';
import { WebSocketGateway } from '@nestjs/websockets';

import { MemoryLogger, type TestApp } from '../support/app.js';
import { useApps } from '../support/apps.js';
import { TestClient, type ClientBehaviour } from '../support/client.js';
import { sleep, until, untilSilent } from '../support/wait.js';

const HEARTBEAT = { intervalMs: 300, timeoutMs: 200 };
/** After a question, its timeout, and one more of each for a stall in between. */
const STALE = 1_200;
/** What a connection has done after so long, it has done for good. */
const LONG = STALE + 2 * HEARTBEAT.intervalMs;

const ANSWERS: ClientBehaviour = {};
const PONGS_ONLY: ClientBehaviour = { answers: false };
const MUTE: ClientBehaviour = { answers: false, autoPong: false };

@WebSocketGateway()
class PlainGateway {}

/** Clients of each kind, told apart in events by their user agent. */
async function connectAll(
  { url }: TestApp,
  kinds: Record<string, ClientBehaviour>,
): Promise<Record<string, TestClient>> {
  const clients = await Promise.all(
    Object.entries(kinds).map(async ([name, behaviour]) => {
      const client = await TestClient.connect(url, { ...behaviour, headers: { 'user-agent': name } });
      return [name, client] as const;
    }),
  );
  return Object.fromEntries(clients);
}

function ends({ eventsOf }: TestApp): Record<string, unknown> {
  return Object.fromEntries(
    eventsOf('closed').map(({ connection, reason, ghost }) => [
      connection.userAgent,
      `${reason} ${ghost ?? ''}`,
    ]),
  );
}

describe('heartbeat.enforce', () => {
  const start = useApps();

  it.each([
    [
      'always',
      undefined,
      { pongs: 'timeout proxy_answered', mute: 'timeout silent', lapsed: 'timeout proxy_answered' },
    ],
    ['always', false, { pongs: 'timeout unknown', mute: 'timeout unknown', lapsed: 'timeout unknown' }],
    ['negotiated', undefined, { mute: 'timeout silent', lapsed: 'timeout proxy_answered' }],
    ['observe', undefined, {}],
  ] as const)('%s (protocolPing: %s) closes %j', async (enforce, protocolPing, expected) => {
    const running = await start([PlainGateway], {
      heartbeat: { ...HEARTBEAT, enforce },
      protocolPing,
      sweep: { intervalMs: 200, staleAfterMs: STALE },
    });
    const kinds = { answers: ANSWERS, pongs: PONGS_ONLY, mute: MUTE, lapsed: ANSWERS };
    const clients = await connectAll(running, kinds);
    await until('the lapsed has answered once', () => clients['lapsed']!.answeredAt !== undefined);
    clients['lapsed']!.answers = false;
    const gone = Object.keys(expected);
    await until('whoever is to go is gone', () => gone.every((name) => clients[name]!.closed !== undefined));
    await sleep(LONG);
    expect(ends(running)).toEqual(expected);
    for (const name of gone) {
      expect(clients[name]!.closed).toMatchObject({ code: 4001, reason: 'heartbeat timeout' });
    }
    for (const [name, { isOpen }] of Object.entries(clients)) {
      expect([name, isOpen]).toEqual([name, !gone.includes(name)]);
    }
  });

  it('observe says once whom it would have closed, and when that one is back', async () => {
    const logger = new MemoryLogger();
    const heartbeat = { ...HEARTBEAT, enforce: 'observe' } as const;
    const running = await start([PlainGateway], { heartbeat }, { logger });
    const { mute } = await connectAll(running, { mute: MUTE, answers: ANSWERS });
    await until('it has missed three times', () => running.eventsOf('missed').length >= 3);
    expect(running.eventsOf('spared')).toMatchObject([
      { reason: 'timeout', connection: { userAgent: 'mute', state: 'open' } },
    ]);
    expect(logger.lines).toContainEqual({
      level: 'warn',
      message: expect.objectContaining({ type: 'spared', userAgent: 'mute', reason: 'timeout' }),
    });
    mute!.answers = true;
    await until('it is back', () => running.eventsOf('recovered').length === 1);
    expect(running.eventsOf('recovered')).toMatchObject([{ connection: { userAgent: 'mute', missed: 0 } }]);
    mute!.answers = false;
    await until('it would be closed again', () => running.eventsOf('spared').length === 2);
  });

  it('is patient for maxMissed heartbeats, and forgets misses that were followed by an answer', async () => {
    const running = await start([PlainGateway], { heartbeat: { ...HEARTBEAT, maxMissed: 2 } });
    const clients = await connectAll(running, { mute: MUTE, late: MUTE });
    const missesOf = (name: string): number[] =>
      running
        .eventsOf('missed')
        .filter(({ connection }) => connection.userAgent === name)
        .map(({ connection }) => connection.missed);
    for (let round = 1; round <= 2; round++) {
      await until('the late one has missed', () => missesOf('late').length === round);
      clients['late']!.answers = true;
      await until('it is back', () => running.eventsOf('recovered').length === round);
      clients['late']!.answers = false;
    }
    clients['late']!.answers = true;
    await until('the mute one is closed', () => clients['mute']!.closed !== undefined);
    expect(missesOf('mute')).toEqual([1, 2]);
    expect(missesOf('late').every((missed) => missed === 1)).toBe(true);
    expect(clients['late']!.isOpen).toBe(true);
    expect(running.eventsOf('closed')).toMatchObject([
      { reason: 'timeout', connection: { userAgent: 'mute' }, evidence: { missed: 2, hasAnswered: false } },
    ]);
  });

  it('explains once, where clients answer protocol pings only, how to roll heartbeats out', async () => {
    const logger = new MemoryLogger();
    const running = await start([PlainGateway], { heartbeat: HEARTBEAT }, { logger });
    const hints = (): number => logger.textOf('warn').split('set heartbeat.enforce to').length - 1;
    const { mute, lapsed } = await connectAll(running, { mute: MUTE, lapsed: ANSWERS });
    await until('one has answered', () => lapsed!.answeredAt !== undefined);
    lapsed!.answers = false;
    await until('both are closed', () => mute!.closed !== undefined && lapsed!.closed !== undefined);
    expect(hints()).toBe(0);
    const { one, two } = await connectAll(running, { one: PONGS_ONLY, two: PONGS_ONLY });
    await until('both are closed', () => one!.closed !== undefined && two!.closed !== undefined);
    expect(running.eventsOf('closed')).toHaveLength(4);
    expect(hints()).toBe(1);
  });

  it('closes with the codes that closeCodes gives', async () => {
    const running = await start([PlainGateway], {
      heartbeat: { ...HEARTBEAT, maxPerInterval: 3 },
      closeCodes: { timeout: 4901, evicted: 4902, stale_sweep: 4903, abuse: 4904 },
    });
    const kinds = { mute: MUTE, evicted: ANSWERS, stale: ANSWERS, flood: ANSWERS };
    const clients = await connectAll(running, kinds);
    const idOf = (name: string): string =>
      running.service.connections().find(({ userAgent }) => userAgent === name)!.id;
    await running.service.disconnect({ id: idOf('evicted') });
    for (let ts = 0; ts < 5; ts++) clients['flood']!.send({ type: 'client_ping', ts });
    await until('the others are closed', () => Object.values(clients).filter((c) => c.closed).length === 3);
    // The last one, whose answers stop, is swept before its next heartbeat is due.
    clients['stale']!.answers = false;
    await untilSilent(running.service, 50);
    await running.service.sweep({ staleAfterMs: 1 });
    await until('it is closed', () => clients['stale']!.closed !== undefined);
    const codes = Object.entries(clients).map(([name, { closed }]) => [name, closed!.code, closed!.reason]);
    expect(codes).toEqual([
      ['mute', 4901, 'heartbeat timeout'],
      ['evicted', 4902, 'evicted'],
      ['stale', 4903, 'stale connection'],
      ['flood', 4904, 'policy violation'],
    ]);
    expect(running.eventsOf('closed').map(({ code, reason }) => [code, reason])).toEqual(
      expect.arrayContaining([
        [4901, 'timeout'],
        [4902, 'evicted'],
        [4903, 'stale_sweep'],
        [4904, 'abuse'],
      ]),
    );
  });
});
