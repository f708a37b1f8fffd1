import { describe, expect, it } from '@jest/globals';

import { ConnectionCloser } from '../../lib/connection/connection.closer.js';
import { BeatWriter } from '../../lib/heartbeat/beat.writer.js';
import { HeartbeatEngine } from '../../lib/heartbeat/heartbeat.engine.js';
import { QuestionPool } from '../../lib/heartbeat/question.pool.js';
import { LifecycleBus } from '../../lib/lifecycle/lifecycle.bus.js';
import { LivenessJudge } from '../../lib/liveness/liveness.judge.js';
import { MassTimeoutBreaker } from '../../lib/liveness/mass-timeout.breaker.js';
import { Records } from '../support/records.js';

function fail(error: unknown): never {
  throw error;
}

function setUp() {
  const records = new Records();
  const polls: ((now: number) => void)[] = [];
  const bus = new LifecycleBus(() => 0, fail);
  const missed: unknown[] = [];
  bus.on('missed', (event) => missed.push(event));
  const engine: HeartbeatEngine = new HeartbeatEngine({
    questions: new QuestionPool(),
    clock: records.clock,
    awake: records.awake,
    writer: new BeatWriter(records.clock, fail),
    afterPoll: (run) => records.clock.afterPoll(() => run(records.awake.now())),
    stalls: () => 0,
    lookDue: (...look) => judge.look(...look),
    turned: () => undefined,
    foundClosing: () => undefined,
    asked: () => undefined,
    heard: () => undefined,
    pinged: () => undefined,
    failed: fail,
  });
  const closer = new ConnectionCloser({
    clock: records.awake,
    began: () => undefined,
    stuck: () => undefined,
    failed: fail,
  });
  const judge = new LivenessJudge({
    engine,
    closer,
    breaker: new MassTimeoutBreaker(false),
    population: () => 1,
    bus,
    photographer: records.photographer,
    stalls: () => 0,
    afterPoll: (run) => polls.push(run),
  });
  const connection = records.make({ heartbeat: { intervalMs: 10_000 } });
  engine.opened(connection);
  const pass = (ms: number): void => {
    for (let passed = 0; passed < ms; passed += 250) {
      records.clock.stall(250);
      engine.tick(records.awake.now());
    }
  };
  /** Until its time seems to be over. */
  const untilSuspect = (): void => {
    for (let steps = 0; steps < 100 && polls.length === 0; steps++) pass(250);
  };
  return { ...records, connection, pass, untilSuspect, polls, missed };
}

describe('LivenessJudge', () => {
  it('gives no verdict before another poll phase has read what waits (R2)', () => {
    const { connection, untilSuspect, polls, missed, driver, awake } = setUp();
    untilSuspect();
    expect([missed, driver.closes]).toEqual([[], []]);
    polls.shift()!(awake.now());
    expect(missed).toHaveLength(1);
    expect(driver.closes).toHaveLength(1);
    expect(connection.closing!.reason).toBe('timeout');
  });

  it('lets who is heard of in that poll phase live (R2)', () => {
    const { connection, untilSuspect, polls, missed, driver, awake } = setUp();
    untilSuspect();
    connection.messages++;
    polls.shift()!(awake.now());
    expect([missed, driver.closes]).toEqual([[], []]);
  });

  it('calls silent who answered the ping beside the heartbeat, but not the one before the verdict (R8)', () => {
    const { connection, pass, untilSuspect, polls, awake } = setUp();
    while (connection.question === undefined) pass(250);
    connection.controlBytes += 14;
    untilSuspect();
    polls.shift()!(awake.now());
    expect(connection.closing!.ghost).toBe('silent');
  });
});
