import { describe, expect, it } from '@jest/globals';

import { LifecycleBus } from '../../lib/lifecycle/lifecycle.bus.js';
import { LIFECYCLE_CATALOGUE, LOG_LEVELS } from '../../lib/lifecycle/lifecycle.catalogue.js';
import type { ClosedEvent } from '../../lib/lifecycle/lifecycle.events.js';
import { LifecycleLogger, type LoggingSettings, type LogSink } from '../../lib/lifecycle/lifecycle.logger.js';
import { Records } from '../support/records.js';

type Line = { readonly level: string; readonly message: string } & Record<string, unknown>;

function setUp(settings: Partial<LoggingSettings> = {}) {
  const records = new Records();
  const bus = new LifecycleBus(
    () => records.clock.epoch(),
    (error) => {
      throw error;
    },
  );
  const lines: Line[] = [];
  const sinkFor = (level: string) => (line: object | string) => void lines.push({ ...(line as Line), level });
  const sink = Object.fromEntries(LOG_LEVELS.map((level) => [level, sinkFor(level)])) as LogSink;
  const logger = new LifecycleLogger({
    sink,
    settings: { level: 'log', maxPerSecond: 100, ...settings },
    now: () => records.clock.monotonic(),
  });
  logger.listenTo(bus);
  const connection = records.photographer.take(records.make({}, { peer: { address: '1.1.1.1' } }));
  const open = (): void => bus.publish('opened', () => ({ connection }));
  const close = (body: Partial<ClosedEvent> = {}, hasAnswered = false): void =>
    bus.publish('closed', () => ({
      connection,
      reason: 'timeout' as const,
      code: 4001,
      evidence: { hasAnswered } as ClosedEvent['evidence'],
      ...body,
    }));
  return { ...records, bus, lines, logger, connection, open, close };
}

describe('LifecycleLogger', () => {
  it('writes an event as one object: the message first, times as text, nothing undefined', () => {
    const { lines, open, connection } = setUp();
    open();
    expect(lines).toHaveLength(1);
    expect(Object.keys(lines[0]!).slice(0, 3)).toEqual(['message', 'type', 'at']);
    expect(lines[0]).toMatchObject({
      level: 'log',
      message: 'connection opened',
      type: 'opened',
      at: '2023-11-14T22:13:20.000Z',
      id: connection.id,
      gateway: 'TestGateway',
      address: '1.1.1.1',
    });
    expect(Object.values(lines[0]!)).not.toContain(undefined);
  });

  it('tells a sweep by its numbers, without its list of connections', () => {
    const { bus, lines, connection } = setUp({ level: 'debug' });
    bus.publish('swept', () => ({
      report: {
        at: 0,
        durationMs: 3,
        dryRun: false,
        examined: 9,
        stale: 1,
        closed: 1,
        held: 0,
        connections: [connection],
      },
    }));
    expect(lines[0]).toMatchObject({ message: 'sweep done', examined: 9, closed: 1 });
    expect(lines[0]).not.toHaveProperty('connections');
  });

  it.each(LOG_LEVELS)('logs at level %s what is as loud or louder, and nothing else', (level) => {
    const { bus, lines, connection } = setUp({ level });
    for (const type of Object.keys(LIFECYCLE_CATALOGUE) as (keyof typeof LIFECYCLE_CATALOGUE)[]) {
      const report = { connections: [] };
      const finding = { severity: 'warning' };
      bus.publish(type, () => ({ connection, report, finding, reason: 'clean', evidence: {} }) as never);
    }
    const loud = LOG_LEVELS.slice(LOG_LEVELS.indexOf(level));
    const expected = Object.entries(LIFECYCLE_CATALOGUE).filter(([, row]) => loud.includes(row.level));
    expect(lines.map((line) => line['type'])).toEqual(expected.map(([type]) => type));
    expect(lines.map((line) => line.level)).toEqual(expected.map(([, row]) => row.level));
  });

  it.each([
    ['info', 'log'],
    ['warning', 'warn'],
    ['critical', 'warn'],
  ] as const)('logs a finding of severity %s at level %s', (severity, level) => {
    const { bus, lines } = setUp();
    const finding = { signal: 'growth', severity, message: 'grows', next_step: 'look' } as const;
    bus.publish('finding_raised', () => ({ finding }));
    expect(lines).toMatchObject([{ level, signal: 'growth', finding: 'grows', next_step: 'look' }]);
  });

  it('logs nothing at level off', () => {
    const { lines, open, close } = setUp({ level: 'off' });
    open();
    close({ ghost: 'proxy_answered' });
    expect(lines).toEqual([]);
  });

  it.each([
    ['timeout', 'warn'],
    ['stale_sweep', 'warn'],
    ['evicted', 'warn'],
    ['abuse', 'warn'],
    ['clean', 'log'],
    ['error', 'log'],
  ] as const)('an end by %s is worth a %s', (reason, level) => {
    const { lines, close } = setUp();
    close({ reason });
    expect(lines.map((line) => line.level)).toEqual([level]);
  });

  it('limits the rate and says later how many lines were left out', () => {
    const { lines, logger, open, clock } = setUp({ maxPerSecond: 3 });
    clock.stall(5_000);
    for (let line = 0; line < 10; line++) open();
    expect(lines).toHaveLength(3);
    clock.stall(999);
    logger.flush();
    open();
    expect(lines).toHaveLength(3);
    clock.stall(1);
    logger.flush();
    expect(lines.slice(3)).toEqual([
      { level: 'warn', message: 'lines left out, more than logging.maxPerSecond', leftOut: 8 },
    ]);
    open();
    expect(lines).toHaveLength(5);
    clock.stall(1_000);
    logger.flush();
    expect(lines).toHaveLength(5);
  });

  it('says so too when the next line comes before anybody has flushed, and at the end', () => {
    const { lines, logger, open, clock } = setUp({ maxPerSecond: 1 });
    clock.stall(5_000);
    open();
    open();
    clock.stall(1_000);
    open();
    expect(lines.map((line) => line['leftOut'])).toEqual([undefined, 1, undefined]);
    open();
    logger.flush(Infinity);
    expect(lines.at(-1)).toMatchObject({ leftOut: 1 });
  });

  it('never writes a line that is quieter than its level, the one about left out lines included', () => {
    const { bus, lines, logger, clock } = setUp({ level: 'error', maxPerSecond: 1 });
    clock.stall(5_000);
    for (let line = 0; line < 3; line++) bus.publish('user_code_failed', () => ({ what: 'x', error: 'y' }));
    clock.stall(1_000);
    logger.flush();
    expect(lines.map((line) => line.level)).toEqual(lines.map(() => 'error'));
  });

  it('explains the way to roll out once, to whom a client was closed that has never answered', () => {
    const { lines, close } = setUp();
    const hints = (): Line[] => lines.filter(({ message }) => message.includes('negotiated'));
    close({ ghost: 'silent' });
    close({ ghost: 'proxy_answered', reason: 'stale_sweep' });
    close({ ghost: 'proxy_answered' }, true);
    expect(hints()).toEqual([]);
    close({ ghost: 'proxy_answered' });
    close({ ghost: 'proxy_answered' });
    expect(hints()).toHaveLength(1);
    expect(hints()[0]).toMatchObject({ level: 'warn' });
  });
});
