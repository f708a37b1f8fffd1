import { describe, expect, it } from '@jest/globals';
import { WebSocketGateway } from '@nestjs/websockets';
import type { LifecycleEvent } from 'nestjs-connection-health';

import { MemoryLogger } from '../support/app.js';
import { useApps } from '../support/apps.js';
import { TestClient } from '../support/client.js';
import { until } from '../support/wait.js';

const HEARTBEAT = { intervalMs: 300, timeoutMs: 200, maxMissed: 2 };
const ISO_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

@WebSocketGateway()
class StoryGateway {}

/** The objects that were logged, by level and type. */
function logged(logger: MemoryLogger): { level: string; type: unknown; line: Record<string, unknown> }[] {
  return logger.lines
    .filter(({ message }) => typeof message === 'object')
    .map(({ level, message }) => {
      const line = message as Record<string, unknown>;
      return { level, type: line['type'], line };
    });
}

describe('the story of a connection', () => {
  const start = useApps();

  it('is told in order, as plain data that survives JSON, and ends with the app', async () => {
    const running = await start([StoryGateway], {
      heartbeat: HEARTBEAT,
      identify: () => 'ada',
      sweep: { intervalMs: 60_000 },
    });
    let isComplete = false;
    running.service.events$.subscribe({ complete: () => (isComplete = true) });
    const client = await TestClient.connect(running.url, { answers: false });
    await until('a heartbeat is missed', () => running.eventsOf('missed').length === 1);
    client.answers = true;
    client.send({ type: 'client_resume', reason: 'dead_server', offlineMs: 5_300, attempts: 2 });
    await until('it is back', () => running.eventsOf('recovered').length === 1);
    client.answers = false;
    await until('it is closed', () => running.eventsOf('closed').length === 1);
    await running.service.sweep({ dryRun: true });

    const told = running.events.filter(({ type }) => type !== 'stalled');
    expect(told.map(({ type }) => type)).toEqual([
      ...['opened', 'missed', 'resumed', 'recovered', 'missed', 'missed', 'closed', 'swept'],
    ]);
    expect(told.map(({ at }) => at)).toEqual(told.map(({ at }) => at).toSorted((one, other) => one - other));
    for (const event of running.events) {
      const copy = JSON.parse(JSON.stringify(event)) as LifecycleEvent;
      expect(event).toMatchObject(copy);
      expect(Math.abs(copy.at - Date.now())).toBeLessThan(60_000);
    }
    const connections = told.flatMap((event) => ('connection' in event ? [event.connection] : []));
    expect(new Set(connections.map(({ id, identity }) => `${id} ${identity}`)).size).toBe(1);
    expect(connections.map(({ state, missed }) => `${state} ${missed}`)).toEqual([
      ...['open 0', 'open 1', 'open 1', 'open 0', 'open 1', 'open 2', 'closed 2'],
    ]);
    await running.app.close();
    expect(isComplete).toBe(true);
  });

  it('has all that was known at its end', async () => {
    const running = await start([StoryGateway], { heartbeat: HEARTBEAT });
    const client = await TestClient.connect(running.url);
    await until('it has answered', () => running.service.connections()[0]?.latencyMs !== undefined);
    client.socket.close(1001, 'good\nbye');
    await until('it is closed', () => running.eventsOf('closed').length === 1);
    expect(running.eventsOf('closed')[0]).toEqual({
      type: 'closed',
      at: expect.any(Number),
      reason: 'clean',
      code: 1001,
      ghost: undefined,
      connection: expect.objectContaining({ state: 'closed', gateway: 'StoryGateway', path: '/' }),
      evidence: {
        ageMs: expect.any(Number),
        idleMs: expect.any(Number),
        hopIdleMs: expect.any(Number),
        missed: 0,
        latencyMs: expect.any(Number),
        bufferedBytes: 0,
        hasAnswered: true,
        sentCode: 1001,
        averageLatencyMs: expect.any(Number),
        bytesInIdleMs: expect.any(Number),
        bytesOutIdleMs: expect.any(Number),
        loopLagMs: expect.any(Number),
        errorCode: undefined,
        receivedCode: 1001,
        receivedText: 'good\\u000abye',
      },
    });
  });

  it('is logged line by line, as objects', async () => {
    const logger = new MemoryLogger();
    const options = { heartbeat: { ...HEARTBEAT, maxMissed: 1 }, identify: () => 'ada' };
    const running = await start([StoryGateway], options, { logger });
    const clients = [
      await TestClient.connect(running.url, { answers: false }),
      await TestClient.connect(`${running.url}/?token=secret`, { headers: { 'user-agent': 'browser' } }),
    ];
    await until('the silent one is closed', () => clients[0]!.closed !== undefined);
    clients[1]!.socket.close();
    await until('the other is closed', () => running.eventsOf('closed').length === 2);
    const lines = logged(logger).filter(({ type }) => type !== 'stalled' && type !== undefined);
    expect(lines.map(({ level, type }) => `${level} ${type}`)).toEqual([
      ...['log opened', 'log opened', 'warn missed', 'warn closed', 'log closed'],
    ]);
    const told = lines.map(({ line }) => line);
    for (const line of told) {
      expect(line).toMatchObject({
        message: expect.any(String),
        at: expect.stringMatching(ISO_TIME),
        id: expect.any(String),
        gateway: 'StoryGateway',
        identity: 'ada',
        address: '127.0.0.1',
        path: '/',
      });
      expect(Object.values(line)).not.toContain(undefined);
    }
    expect(told[1]).toMatchObject({ message: 'connection opened', userAgent: 'browser', state: 'open' });
    expect(told[2]).toMatchObject({ message: 'heartbeat missed', missed: 1, ghost: 'proxy_answered' });
    expect(told[3]).toMatchObject({
      message: 'connection closed',
      reason: 'timeout',
      code: 4001,
      ghost: 'proxy_answered',
      hasAnswered: false,
      missed: 1,
      sentCode: 4001,
    });
    expect(told.at(-1)).toMatchObject({ reason: 'clean', code: 1005 });
    expect(JSON.stringify(logger.lines)).not.toContain('secret');
  });

  it.each([
    ['debug', ['debug swept', 'debug identified', 'log opened', 'warn missed', 'warn closed']],
    ['log', ['log opened', 'warn missed', 'warn closed']],
    ['warn', ['warn missed', 'warn closed']],
    ['error', []],
    ['off', []],
  ] as const)('is logged from level %s on', async (level, expected) => {
    const logger = new MemoryLogger();
    const running = await start(
      [StoryGateway],
      {
        heartbeat: { ...HEARTBEAT, maxMissed: 1 },
        logging: { level },
        identify: () => Promise.resolve('ada'),
      },
      { logger },
    );
    await TestClient.connect(running.url, { answers: false });
    await running.service.sweep();
    await until('it is closed', () => running.eventsOf('closed').length > 0);
    const lines = logged(logger).map(({ level: at, type }) => `${at} ${type}`);
    const ofTypes = lines.filter((line) => !/ (stalled|undefined)$/.test(line));
    expect(new Set(ofTypes)).toEqual(new Set(expected));
  });

  it('is cut short where there are too many lines, and says how many were left out', async () => {
    const logger = new MemoryLogger();
    const running = await start([StoryGateway], { logging: { maxPerSecond: 5 } }, { logger });
    const clients = await Promise.all(Array.from({ length: 30 }, () => TestClient.connect(running.url)));
    for (const { socket } of clients) socket.terminate();
    await until('all are gone', () => running.eventsOf('closed').length === 30);
    await until('it is said', () => logger.textOf('warn').includes('leftOut'));
    await running.app.close();
    const lines = logged(logger);
    const leftOut = lines.reduce((sum, { line }) => sum + ((line['leftOut'] as number | undefined) ?? 0), 0);
    expect(lines.filter(({ type }) => type !== undefined).length + leftOut).toBe(running.events.length);
    expect(leftOut).toBeGreaterThan(30);
  });
});
