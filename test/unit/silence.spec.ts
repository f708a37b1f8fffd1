import { describe, expect, it } from '@jest/globals';

import { ConnectionCloser } from '../../lib/connection/connection.closer.js';
import type { Connection } from '../../lib/connection/connection.js';
import { BeatWriter } from '../../lib/heartbeat/beat.writer.js';
import { HeartbeatEngine } from '../../lib/heartbeat/heartbeat.engine.js';
import { QuestionPool } from '../../lib/heartbeat/question.pool.js';
import { InboundFilter } from '../../lib/heartbeat/inbound.filter.js';
import { LifecycleBus } from '../../lib/lifecycle/lifecycle.bus.js';
import { LivenessJudge } from '../../lib/liveness/liveness.judge.js';
import { MassTimeoutBreaker } from '../../lib/liveness/mass-timeout.breaker.js';
import type {
  HeartbeatAsker,
  HeartbeatCodec,
  PassingMessage,
  WireState,
} from '../../lib/protocol/heartbeat.codec.js';
import type { ServerMessage } from '../../lib/protocol/messages.js';
import { Records, type FakeRaw } from '../support/records.js';

const INTERVAL = 10_000;
const TIMEOUT = 6_000;
const TICK = 250;

/** `?` is the client's heartbeat, `!` ours and `.` our answer. */
function codecOf(asks: HeartbeatAsker, more: Partial<HeartbeatCodec> = {}): HeartbeatCodec {
  return {
    name: 'short',
    asks,
    recognise: (data) => (String.fromCharCode(...data) === '?' ? { kind: 'ask' } : undefined),
    encode: ({ type }) => (type === 'server_ping' ? '!' : type === 'server_pong' ? '.' : undefined),
    ...more,
  };
}

function setUp(
  codec: HeartbeatCodec,
  options: { maxMissed?: number; minConnections?: number; enforce?: 'negotiated' | 'observe' } = {},
) {
  const records = new Records();
  const { clock, awake, driver } = records;
  const failures: unknown[] = [];
  const failed = (error: unknown): void => void failures.push(error);
  const polls: ((now: number) => void)[] = [];
  const bus = new LifecycleBus(() => 0, failed);
  const events: string[] = [];
  for (const type of ['missed', 'held', 'spared', 'recovered'] as const)
    bus.on(type, () => events.push(type));
  const writer = new BeatWriter(clock, failed);
  let stalls = 0;
  const engine: HeartbeatEngine = new HeartbeatEngine({
    questions: new QuestionPool(),
    clock,
    awake,
    writer,
    afterPoll: (run) => records.clock.afterPoll(() => run(records.awake.now())),
    stalls: () => stalls,
    lookDue: (...look) => judge.look(...look),
    turned: () => undefined,
    foundClosing: () => undefined,
    asked: (...asked) => judge.asked(...asked),
    heard: (now) => judge.heard(now),
    pinged: () => undefined,
    failed,
  });
  const closed: { connection: Connection; at: number }[] = [];
  const closer = new ConnectionCloser({
    clock: awake,
    began: (connection) => {
      closed.push({ connection, at: awake.now() });
      connection.state = 'closing';
      judge.closing(connection);
      engine.closing(connection);
    },
    stuck: () => undefined,
    failed,
  });
  const { minConnections = 1_000 } = options;
  const breaker = new MassTimeoutBreaker({ ratio: 0.5, minConnections });
  breaker.cover(INTERVAL);
  let population = 0;
  const judge = new LivenessJudge({
    engine,
    closer,
    breaker,
    population: () => population,
    bus,
    photographer: records.photographer,
    stalls: () => stalls,
    afterPoll: (run) => polls.push(run),
  });
  const filter = new InboundFilter({
    clock,
    awake,
    writer,
    listener: {
      answered: () => undefined,
      asked: (connection) => judge.answered(connection, connection.question, awake.now()),
      spoke: (connection) => judge.spoke(connection),
      resumed: () => undefined,
      flooded: () => undefined,
    },
    failed,
  });
  const { maxMissed, enforce } = options;
  const heartbeat = { intervalMs: INTERVAL, timeoutMs: TIMEOUT, codec, maxMissed, enforce };
  const open = (raw?: FakeRaw): Connection => {
    const connection = records.make({ heartbeat, sweep: false }, { raw });
    population++;
    engine.opened(connection);
    return connection;
  };
  /** Lets time pass; each tick `everyTick` is called first, as what arrives is read before anybody is judged. */
  const pass = (ms: number, everyTick: () => void = () => undefined): void => {
    for (let passed = 0; passed < ms; passed += TICK) {
      clock.stall(TICK);
      everyTick();
      engine.tick(awake.now());
      for (const poll of polls.splice(0)) poll(awake.now());
    }
  };
  const hear = (connection: Connection, text = '?'): boolean =>
    filter.message(connection, Buffer.from(text), false);
  const stall = (): number => stalls++;
  return { ...records, driver, engine, filter, writer, open, pass, hear, closed, events, failures, stall };
}

describe('clients that ask by themselves', () => {
  it.each<HeartbeatAsker>(['client', 'both'])(
    'are missed when nothing was heard of them for an interval and a timeout, within one tick (asks: %s)',
    (asks) => {
      const { open, pass, hear, closed, awake } = setUp(codecOf(asks));
      const connections = Array.from({ length: 20 }, () => open());
      pass(INTERVAL, () => undefined);
      const lastHeard = new Map(
        connections.map((connection, index) => {
          pass(TICK * (index % 3));
          hear(connection);
          return [connection, awake.now()];
        }),
      );
      pass(INTERVAL + TIMEOUT + 2 * TICK);
      expect(closed).toHaveLength(20);
      for (const { connection, at } of closed) {
        const silentMs = at - lastHeard.get(connection)!;
        expect(silentMs).toBeGreaterThanOrEqual(INTERVAL + TIMEOUT);
        expect(silentMs).toBeLessThanOrEqual(INTERVAL + TIMEOUT + TICK);
        expect(connection.closing).toMatchObject({ reason: 'timeout', ghost: 'silent' });
      }
    },
  );

  it.each([200, 900, 1_400])('are never missed while they speak every %i hundredths of a second', (pace) => {
    const { open, pass, hear, closed, events, awake } = setUp(codecOf('client'));
    const connections = Array.from({ length: 7 }, () => open());
    let nextAt = awake.now();
    pass(30 * INTERVAL, () => {
      if (awake.now() < nextAt) return;
      nextAt += pace * 10;
      for (const connection of connections) hear(connection);
    });
    expect({ closed, events }).toEqual({ closed: [], events: [] });
  });

  it('are sent no frame of ours but answers, and a protocol ping an interval', () => {
    const { open, pass, hear, driver } = setUp(codecOf('client'));
    const connection = open();
    pass(5 * INTERVAL, () => void hear(connection, 'a message'));
    expect(driver.sent).toEqual([]);
    expect(driver.pings).toHaveLength(5);
    hear(connection);
    expect(driver.sent).toEqual(['.']);
  });

  it('are told that we are here once an interval where both sides speak, also while their silence is questioned', () => {
    const { open, pass, hear, driver, awake } = setUp(codecOf('both'));
    const connections = Array.from({ length: 12 }, () => open());
    const sentAt = new Map(connections.map(({ socket }) => [socket!, [] as number[]]));
    driver.send = (socket) => void sentAt.get(socket)!.push(awake.now());
    // Each speaks again when its silence has been questioned for a while.
    pass(6 * INTERVAL, () => {
      for (const connection of connections) {
        if (awake.now() - connection.lastPeerAt > INTERVAL + TIMEOUT / 2) hear(connection, 'a message');
      }
    });
    const gaps = [...sentAt.values()].flatMap((times) =>
      times.slice(1).map((at, index) => at - times[index]!),
    );
    expect(gaps.length).toBeGreaterThanOrEqual(4 * connections.length);
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(INTERVAL - TICK);
    expect(Math.max(...gaps)).toBeLessThanOrEqual(INTERVAL + TICK);
  });

  it('are told nothing in the middle of a message of the app (R9)', () => {
    const { open, pass, driver, hear } = setUp(codecOf('both'));
    const connection = open();
    connection.midMessage = true;
    pass(3 * INTERVAL, () => void hear(connection));
    expect(driver.sent).toEqual([]);
    expect(driver.pings.length).toBeGreaterThanOrEqual(2);
  });

  it('have a miss cleared by their next heartbeat, and not by a message of the app', () => {
    const { open, pass, hear, events } = setUp(codecOf('client'), { maxMissed: 3 });
    const connection = open();
    pass(INTERVAL + TIMEOUT + TICK);
    expect(connection.missed).toBe(1);
    pass(INTERVAL);
    expect(connection.missed).toBe(2);
    hear(connection, 'a message');
    expect(connection.missed).toBe(2);
    hear(connection);
    expect(connection.missed).toBe(0);
    expect(events).toEqual(['missed', 'missed', 'recovered']);
  });

  it('are given another timeout when we were away while they were questioned (R2)', () => {
    const { open, pass, closed, stall } = setUp(codecOf('client'));
    open();
    pass(INTERVAL + TIMEOUT / 2);
    stall();
    pass(TIMEOUT);
    expect(closed).toEqual([]);
    pass(TIMEOUT);
    expect(closed).toHaveLength(1);
  });

  it('are taken to be behind a proxy where only protocol pings are answered (R8)', () => {
    const { open, pass, closed, driver, filter } = setUp(codecOf('client'));
    const connection = open();
    pass(2 * INTERVAL, () => {
      for (const payload of driver.pings.splice(0)) filter.control(connection, payload);
    });
    expect(closed.map(({ connection: { closing } }) => closing!.ghost)).toEqual(['proxy_answered']);
  });

  it('get more time behind what we have sent since they were last heard of, and none for what came before (R4)', () => {
    const { open, pass, hear, closed } = setUp(codecOf('client', { name: 'reader' }));
    const raw: FakeRaw = { bytesWritten: 0, writableLength: 0 };
    const connection = open(raw);
    let wrote = 0;
    pass(5 * INTERVAL, () => {
      raw.bytesWritten = wrote += 8_000;
      hear(connection);
    });
    pass(INTERVAL + TIMEOUT + TICK);
    expect(closed).toEqual([]);
    // What was written within two beats counts, at the 32 KiB a second of the slowest healthy reader.
    const countedMs = (2 * INTERVAL * (8_000 / TICK)) / 32.768;
    pass(countedMs + TICK);
    expect(closed).toHaveLength(1);
    expect(wrote / 32.768).toBeGreaterThan(2 * countedMs);
  });

  it('live while a message of theirs is on its way, and not on a trickle (R3)', () => {
    const { open, pass, closed } = setUp(codecOf('client'));
    const [raws, speeds] = [
      [{ bytesRead: 0 }, { bytesRead: 0 }],
      [1_000, 10],
    ];
    const [uploading] = raws.map((raw) => open(raw));
    pass(10 * INTERVAL, () => raws.forEach((raw, at) => (raw.bytesRead += (speeds[at]! * TICK) / 1_000)));
    expect(closed).toHaveLength(1);
    expect(uploading!.state).toBe('open');
    // It stops half-way.
    pass(2 * INTERVAL + TIMEOUT);
    expect(uploading!.state).toBe('closing');
  });

  it('live by protocol pongs until their first heartbeat where they are only held to what they have shown', () => {
    const { open, pass, hear, closed, driver, filter } = setUp(codecOf('client'), { enforce: 'negotiated' });
    const connections = [open(), open()];
    const answerPings = (): void => {
      for (const payload of driver.pings.splice(0)) {
        for (const connection of connections) filter.control(connection, payload);
      }
    };
    pass(5 * INTERVAL, answerPings);
    expect(closed).toEqual([]);
    hear(connections[0]!);
    pass(INTERVAL + TIMEOUT + TICK, answerPings);
    expect(closed.map(({ connection }) => connection)).toEqual([connections[0]]);
  });

  it('are told of once, and not closed, where they are only observed', () => {
    const { open, pass, hear, closed, events } = setUp(codecOf('both'), { enforce: 'observe' });
    const connection = open();
    pass(4 * INTERVAL);
    expect(events.filter((type) => type === 'spared')).toHaveLength(1);
    expect(events.filter((type) => type === 'missed').length).toBeGreaterThanOrEqual(2);
    hear(connection);
    expect([closed, events.at(-1)]).toEqual([[], 'recovered']);
  });

  it('die one by one while the others live, however few of them are questioned (R7)', () => {
    const { open, pass, hear, closed, events } = setUp(codecOf('client'), { minConnections: 50 });
    const connections = Array.from({ length: 200 }, () => open());
    const [dead, living] = [connections.slice(0, 10), connections.slice(10)];
    pass(INTERVAL, () => connections.forEach((connection) => hear(connection, 'a message')));
    pass(INTERVAL + TIMEOUT + TICK, () => living.forEach((connection) => hear(connection, 'a message')));
    expect(new Set(closed.map(({ connection }) => connection))).toEqual(new Set(dead));
    expect(events).not.toContain('held');
  });

  it('are held once more when all of them fall silent at once (R7)', () => {
    const { open, pass, hear, closed, events } = setUp(codecOf('client'), { minConnections: 50 });
    const connections = Array.from({ length: 200 }, () => open());
    pass(INTERVAL, () => connections.forEach((connection) => hear(connection)));
    pass(INTERVAL + TIMEOUT + TICK);
    expect(closed).toEqual([]);
    expect(events.filter((type) => type === 'held')).toHaveLength(200);
    pass(TIMEOUT + TICK);
    expect(closed).toHaveLength(200);
  });

  it('are judged although their codec fails at every greeting (R11)', () => {
    let isFailing = false;
    const { open, pass, closed, failures } = setUp(
      codecOf('both', {
        encode: () => {
          if (isFailing) throw new Error('codec');
          return '!';
        },
      }),
    );
    open();
    // From here on: boot would refuse it.
    isFailing = true;
    pass(INTERVAL + TIMEOUT + TICK);
    expect(closed).toHaveLength(1);
    expect(failures.length).toBeGreaterThan(0);
    expect(failures.length).toBeLessThanOrEqual(2);
  });

  it('are not echoed more than the bound, whatever their codec says (R10)', () => {
    const echoes = ['x'.repeat(512), 'x'.repeat(513)];
    const { open, hear, driver, filter } = setUp(
      codecOf('client', {
        recognise: () => ({ kind: 'ask', echo: echoes.shift()! }),
        encode: (message) => JSON.stringify(message),
      }),
    );
    const connection = open();
    expect([hear(connection), hear(connection)]).toEqual([true, true]);
    expect(driver.sent).toEqual([expect.stringContaining('"echo":"xxx')]);
    expect(filter.malformed).toBe(1);
  });
});

/** The same, where the client begins. */
function openingSlowly(passing: PassingMessage): WireState | undefined {
  return opening(passing) ?? (passing.from === 'client' ? { isOpen: false, turn: 'app' } : undefined);
}

/** Never opens. */
function stay(): WireState {
  return { isOpen: false, turn: 'app' };
}

/** Opens with the app's welcome. */
function opening({ from, data }: PassingMessage): WireState | undefined {
  return from === 'app' && data === 'welcome' ? { isOpen: true, dialect: 'loud' } : undefined;
}

function encode({ type }: ServerMessage, dialect?: string): string {
  return `${type} ${dialect ?? ''}`;
}

describe('a wire that begins with a handshake', () => {
  it.each<HeartbeatAsker>(['server', 'both'])(
    'carries nothing of ours before it is open (asks: %s)',
    (asks) => {
      const { open, pass, hear, driver, filter, writer } = setUp(codecOf(asks, { opening, encode }));
      const connection = open();
      pass(3 * INTERVAL, () => void hear(connection, 'a message'));
      hear(connection);
      writer.tell(connection, { type: 'server_drain', reconnectInMs: 1 });
      filter.sent(connection, 'not yet', undefined);
      expect(driver.sent).toEqual([]);
      filter.sent(connection, 'welcome', undefined);
      pass(INTERVAL, () => void hear(connection, 'a message'));
      expect(driver.sent).toEqual(['server_ping loud']);
    },
  );

  it('is judged by silence while it is not open: whoever never finishes is caught in time', () => {
    const { open, pass, closed } = setUp(codecOf('server', { opening, encode }));
    open();
    pass(INTERVAL + TIMEOUT - TICK);
    expect(closed).toEqual([]);
    pass(2 * TICK);
    expect(closed).toHaveLength(1);
  });

  it('is not held against a client that waits for the app, for as long as protocol pings are answered', () => {
    const { open, pass, hear, closed, driver, filter } = setUp(
      codecOf('both', { opening: openingSlowly, encode }),
    );
    const [waiting, frozen] = [open(), open()];
    hear(waiting, 'hello');
    hear(frozen, 'hello');
    const answerPings = (): void => {
      for (const payload of driver.pings.splice(0)) filter.control(waiting, payload);
    };
    pass(5 * INTERVAL, answerPings);
    expect(closed.map(({ connection }) => connection)).toEqual([frozen]);
    filter.sent(waiting, 'welcome', undefined);
    expect(waiting.isHeldUp).toBe(false);
    pass(INTERVAL, answerPings);
    expect(closed).toHaveLength(1);
    // From now on only its own word counts.
    pass(INTERVAL + TIMEOUT, answerPings);
    expect(closed.map(({ connection }) => connection)).toEqual([frozen, waiting]);
  });

  it('is held against it when the app has taken longer than for any message', () => {
    const { open, pass, hear, closed, driver, filter, awake } = setUp(codecOf('both', { opening: stay }));
    const connection = open();
    hear(connection, 'hello');
    pass(600_000 + 3 * INTERVAL, () => {
      for (const payload of driver.pings.splice(0)) filter.control(connection, payload);
    });
    expect(closed).toHaveLength(1);
    expect(closed[0]!.at).toBeGreaterThan(600_000);
    expect(awake.now()).toBeLessThan(640_000);
  });

  it('stays shut, and its client judged, where the codec fails to look at what passes (R11)', () => {
    const failing = codecOf('both', {
      opening: () => {
        throw new Error('codec');
      },
    });
    const { open, pass, hear, closed, failures, driver } = setUp(failing);
    const connection = open();
    expect(hear(connection, 'a message')).toBe(false);
    expect(failures).toEqual([new Error('codec')]);
    pass(INTERVAL + TIMEOUT + TICK);
    expect(driver.sent).toEqual([]);
    expect(closed).toHaveLength(1);
  });
});

describe('a codec that has no question although the server asks', () => {
  it('is reported, and condemns nobody', () => {
    let question: string | undefined = '!';
    const { open, pass, closed, failures } = setUp(codecOf('server', { encode: () => question }));
    open();
    // From here on: boot would refuse it.
    question = undefined;
    pass(3 * INTERVAL);
    expect(closed).toEqual([]);
    expect(failures).toHaveLength(3);
    expect(String(failures[0])).toContain('"short" encodes no server_ping');
  });
});
