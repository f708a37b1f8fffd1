import { describe, expect, it } from '@jest/globals';

import type { Connection, Question } from '../../lib/connection/connection.js';
import { BeatWriter } from '../../lib/heartbeat/beat.writer.js';
import { HeartbeatEngine } from '../../lib/heartbeat/heartbeat.engine.js';
import { QuestionPool } from '../../lib/heartbeat/question.pool.js';
import type { SessionFacts } from '../../lib/transport/transport.driver.js';
import { Records, type FakeRaw } from '../support/records.js';

const INTERVAL = 10_000;
const TICK = 250;

function setUp() {
  const records = new Records();
  const looks: [Connection, Question, number][] = [];
  const failures: unknown[] = [];
  const foundClosing: Connection[] = [];
  const writer = new BeatWriter(records.clock, (error) => failures.push(error));
  const engine = new HeartbeatEngine({
    questions: new QuestionPool(),
    clock: records.clock,
    awake: records.awake,
    writer,
    afterPoll: (run) => records.clock.afterPoll(() => run(records.awake.now())),
    stalls: () => 0,
    lookDue: (...look) => looks.push(look),
    turned: () => undefined,
    foundClosing: (connection) => foundClosing.push(connection),
    asked: () => undefined,
    heard: () => undefined,
    pinged: () => undefined,
    failed: (error) => failures.push(error),
  });
  const open = (
    options: Parameters<Records['make']>[0] = {},
    raw?: FakeRaw,
    session?: SessionFacts,
  ): Connection => {
    const connection = records.make({ heartbeat: { intervalMs: INTERVAL }, ...options }, { raw });
    connection.session = session;
    engine.opened(connection);
    return connection;
  };
  const pass = (ms: number): void => {
    for (let passed = 0; passed < ms; passed += TICK) {
      records.clock.stall(TICK);
      engine.tick(records.awake.now());
    }
  };
  const pings = () =>
    records.driver.sent.map((frame) => JSON.parse(String(frame)) as { ts: number; interval: number });
  return { ...records, engine, writer, looks, failures, foundClosing, open, pass, pings };
}

describe('HeartbeatEngine', () => {
  it('asks within the first interval, with a protocol ping beside it, and looks at half the time for an answer', () => {
    const { open, pass, pings, driver, looks } = setUp();
    const connection = open();
    pass(INTERVAL);
    expect(pings()).toEqual([{ type: 'server_ping', ts: expect.any(Number) as unknown, interval: INTERVAL }]);
    expect(driver.pings).toHaveLength(1);
    pass(INTERVAL);
    expect(looks[0]!.slice(0, 2)).toEqual([connection, connection.question]);
    expect(looks[0]![2] - connection.question!.askedAt).toBeGreaterThanOrEqual(6_667 / 2);
    expect(looks[0]![2] - connection.question!.askedAt).toBeLessThan(6_667 / 2 + 2 * TICK);
  });

  it('takes an answer that comes within the call, over a transport within the process', () => {
    const { open, pass, driver, engine, awake, looks, failures } = setUp();
    const connection = open();
    const { send } = driver;
    driver.send = (...sent: Parameters<typeof send>) => {
      send.apply(driver, sent);
      connection.question = undefined;
      engine.rest(connection, awake.now());
    };
    pass(3 * INTERVAL);
    expect(driver.sent).toHaveLength(3);
    expect([looks, failures]).toEqual([[], []]);
  });

  describe('a client that was there before us, and leaves when it is not asked', () => {
    const askWithinMs = 1_500;
    const facts = { transport: 'websocket', namespaces: [], recovered: false, clientAsks: false };
    const session: SessionFacts = { ...facts, askWithinMs };

    it('is asked in time, and at its own place in the interval from then on', () => {
      const { engine, open, pass, driver, awake } = setUp();
      const connections = Array.from({ length: 20 }, () => open({}, undefined, session));
      const began = awake.now();
      const places = () => connections.map(({ beatAt }) => Math.round((beatAt - began) % INTERVAL));
      const given = places();
      pass(askWithinMs / 2);
      // No wave: some now, some later.
      expect(driver.sent.length).toBeGreaterThan(5);
      expect(driver.sent.length).toBeLessThan(15);
      pass(askWithinMs / 2 + TICK);
      expect(driver.sent).toHaveLength(20);
      for (const connection of connections) {
        connection.question = undefined;
        engine.rest(connection, awake.now());
      }
      expect(places()).toEqual(given);
      pass(INTERVAL);
      expect(driver.sent.length).toBeGreaterThanOrEqual(40);
    });

    it('is asked in time by its own clock also where we stall in between', () => {
      const { engine, open, driver, awake, clock } = setUp();
      const connection = open({}, undefined, session);
      const creditMs = askWithinMs;
      expect(connection.beatAt - awake.now()).toBeGreaterThan(creditMs);
      engine.hurry(connection, creditMs, awake.now());
      clock.stall(TICK);
      engine.tick(awake.now());
      expect(driver.sent).toHaveLength(1);
    });

    it('hears of us again where its next beat has passed, and is judged by the question that it was asked', () => {
      const { engine, open, pass, driver, awake } = setUp();
      const connection = open({}, undefined, session);
      pass(askWithinMs + TICK);
      expect(driver.sent).toHaveLength(1);
      const { question } = connection;
      const { askedAt } = question!;
      // Its schedule goes on while we stall, in pieces of a third of an interval.
      const sent: number[] = [];
      for (let stalls = 0; stalls < 9; stalls++) {
        engine.hurry(connection, INTERVAL / 3 + 0.25, awake.now());
        sent.push(driver.sent.length);
      }
      const at = (count: number): number => sent.filter((each) => each === count).length;
      expect(driver.sent.length).toBeGreaterThanOrEqual(3);
      for (let count = 2; count < driver.sent.length; count++) expect([count, at(count)]).toEqual([count, 3]);
      expect(connection.question).toBe(question);
      expect(connection.question!.askedAt).toBe(askedAt);
      // A fraction would cost each record 16 bytes.
      expect(Number.isInteger(connection.beatAt)).toBe(true);
    });

    it('waits for its beat as others do where its library asks it', () => {
      const { open, pass, driver } = setUp();
      open({}, undefined, { ...session, clientAsks: true });
      pass(askWithinMs + TICK);
      expect([driver.sent, driver.pings]).toEqual([[], []]);
    });
  });

  it('never asks with the same ts twice, and never with an earlier one, even where the date goes back', () => {
    const { open, pass, pings, clock, engine, awake } = setUp();
    const connections = Array.from({ length: 10 }, () => open());
    for (let round = 0; round < 10; round++) {
      pass(INTERVAL);
      clock.startEpoch -= 3_600_000;
      for (const connection of connections) {
        connection.question = undefined;
        engine.rest(connection, awake.now());
      }
    }
    const times = pings().map(({ ts }) => ts);
    expect(times.length).toBeGreaterThan(50);
    expect(times).toEqual([...times].sort((one, other) => one - other));
  });

  it('puts no data frame into a message that the app is sending, but a protocol ping, and asks after its end (R9)', () => {
    const { open, pass, driver, engine, awake } = setUp();
    const connection = open();
    connection.midMessage = true;
    pass(3 * INTERVAL);
    expect(driver.sent).toEqual([]);
    expect(driver.pings).toHaveLength(3);
    connection.midMessage = false;
    engine.messageFinished(connection, awake.now());
    engine.messageFinished(connection, awake.now());
    expect(driver.sent).toHaveLength(1);
    expect(connection.question).toBeDefined();
  });

  it('holds the time of a long message of the app against nobody who answered pings meanwhile', () => {
    const { open, pass, engine, awake } = setUp();
    const connection = open();
    connection.midMessage = true;
    pass(5 * INTERVAL);
    connection.lastHopAt = awake.now() - 1_000;
    connection.midMessage = false;
    engine.messageFinished(connection, awake.now());
    expect(connection.lastPeerAt).toBe(awake.now() - 1_000);
  });

  it('says nothing in the middle of a message of the app, whatever it was to tell', () => {
    const { open, driver, writer } = setUp();
    const connection = open();
    connection.midMessage = true;
    writer.tell(connection, { type: 'server_pong', ts: 1 });
    connection.midMessage = false;
    writer.tell(connection, { type: 'server_pong', ts: 2 });
    expect(driver.sent).toEqual(['{"type":"server_pong","ts":2}']);
  });

  it('hands over to the closer whose socket turns out to be closing (R6)', () => {
    const { open, pass, driver, foundClosing } = setUp();
    const connection = open();
    driver.open = false;
    pass(INTERVAL);
    expect(foundClosing).toEqual([connection]);
    expect(driver.sent).toEqual([]);
  });

  it('goes on with the others, and with the same one later, when a codec throws (R11)', () => {
    const { open, pass, driver, failures } = setUp();
    let failsNext = false;
    const encode = (): string => {
      if (!failsNext) return 'ping';
      failsNext = false;
      throw new Error('codec');
    };
    open({
      heartbeat: { intervalMs: INTERVAL, codec: { name: 'faulty', recognise: () => undefined, encode } },
    });
    failsNext = true;
    const other = open();
    pass(INTERVAL);
    expect(failures).toEqual([new Error('codec')]);
    expect(driver.sent).toHaveLength(1);
    expect(other.question).toBeDefined();
    pass(INTERVAL);
    expect(driver.sent).toContain('ping');
  });

  it('leaves who is closing alone', () => {
    const { open, pass, driver, engine } = setUp();
    engine.closing(open());
    pass(3 * INTERVAL);
    expect(driver.sent).toEqual([]);
    expect(driver.pings).toEqual([]);
  });

  it('takes the question for handed over only when the kernel has all bytes up to its end (R4)', () => {
    const raw: FakeRaw = { bytesWritten: 1_000, writableLength: 400 };
    const { open, engine, driver, awake } = setUp();
    const connection = open({}, raw);
    driver.buffered = 400;
    engine.ask(connection, awake.now());
    expect(connection.question).toMatchObject({ handedOverAt: -1, bytesAtEnd: 1_000 });
    Object.assign(raw, { bytesWritten: 5_000, writableLength: 4_001 });
    engine.noteHandOver(connection, connection.question!, 77);
    expect(connection.question!.handedOverAt).toBe(-1);
    Object.assign(raw, { writableLength: 4_000 });
    engine.noteHandOver(connection, connection.question!, 78);
    expect(connection.question!.handedOverAt).toBe(78);
  });

  it('beats with protocol pings alone where there are no heartbeats', () => {
    const { open, pass, driver } = setUp();
    open({ heartbeat: false, protocolPing: { intervalMs: INTERVAL } });
    pass(4 * INTERVAL);
    expect(driver.sent).toEqual([]);
    expect(driver.pings).toHaveLength(4);
    expect(new Set(driver.pings.map((payload) => Buffer.from(payload).toString('hex'))).size).toBe(4);
  });

  it('remembers how much was written up to a ping that goes out alone, and asks no less for another frame that waits', () => {
    const { open, pass, driver } = setUp();
    const raw = { bytesWritten: 50_000, writableLength: 0 };
    const connection = open({ heartbeat: false, protocolPing: { intervalMs: INTERVAL } }, raw);
    pass(INTERVAL);
    expect(connection.lonePing).toBe(driver.pings[0]);
    expect(connection.lonePingEnd).toBe(50_000);
    raw.bytesWritten = 90_000;
    pass(INTERVAL);
    expect(connection.lonePing).toBe(driver.pings[1]);
    expect(connection.lonePingEnd).toBe(90_000);
  });

  it('makes one function for all connections that are due, and none for each', () => {
    const { engine, open, pass } = setUp();
    const works = new Set<unknown>();
    const { fenced } = engine;
    engine.fenced = (connection, now, work) => {
      works.add(work);
      fenced.call(engine, connection, now, work);
    };
    for (let count = 0; count < 20; count++) open();
    pass(2 * INTERVAL);
    expect(works.size).toBe(1);
  });
});
