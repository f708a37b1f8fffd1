import { describe, expect, it } from '@jest/globals';

import { ServerPulse } from '../../lib/client/server.pulse.js';
import { useFakeTime } from '../client/support/fake.time.js';

const GRACE = 5_000;
const INTERVAL = 30_000;

describe('the pulse of a server', () => {
  const time = useFakeTime();

  /** A pulse that is on, and what it has done. */
  function start({ intervalMs }: { intervalMs?: number } = { intervalMs: INTERVAL }) {
    const log: string[] = [];
    const note = (what: string): void => void log.push(`${what} ${time().now - startedAt}`);
    const pulse = new ServerPulse({
      graceMs: GRACE,
      intervalMs,
      probe: () => note('probe'),
      dead: () => {
        note('dead');
        pulse.stop();
      },
    });
    const startedAt = time().now;
    pulse.start();
    return { pulse, log };
  }

  it('asks after interval + grace of silence, and calls it dead after one more grace', () => {
    const { log } = start();
    time().advance(INTERVAL + GRACE - 1);
    expect(log).toEqual([]);
    time().advance(10 * INTERVAL);
    expect(log).toEqual([`probe ${INTERVAL + GRACE}`, `dead ${INTERVAL + 2 * GRACE}`]);
    expect(time().pending).toBe(0);
  });

  it('is content with anything that is heard, at whatever time before the end', () => {
    const { pulse, log } = start();
    for (let round = 0; round < 20; round++) {
      time().advance(INTERVAL + 2 * GRACE - 1);
      pulse.heard();
    }
    expect(log.filter((entry) => entry.startsWith('dead'))).toEqual([]);
    expect(log).toHaveLength(20);
  });

  it('sets no timer for what it hears', () => {
    const { pulse } = start();
    const before = time().pending;
    for (let heard = 0; heard < 100; heard++) pulse.heard();
    expect(time().pending).toBe(before);
  });

  it('judges nobody whose interval it does not know', () => {
    const { pulse, log } = start({});
    time().advance(1e9);
    expect(log).toEqual([]);
    pulse.check();
    expect(log).toEqual([]);
    expect(time().pending).toBe(0);
  });

  it('judges from the moment it learns the interval on, and by a new one as soon as it is told', () => {
    const { pulse, log } = start({});
    time().advance(1_000);
    pulse.heard();
    pulse.learn(INTERVAL);
    pulse.learn(1_000);
    time().advance(1_000 + 2 * GRACE);
    expect(log).toEqual([`probe ${2_000 + GRACE}`, `dead ${2_000 + 2 * GRACE}`]);
  });

  it.each([0, -1, NaN])('does not believe an interval of %p', (interval) => {
    const { pulse, log } = start({});
    pulse.learn(interval);
    time().advance(1e9);
    expect(log).toEqual([]);
  });

  it('waits for an interval longer than a timer can, without running hot', () => {
    const { pulse, log } = start({});
    pulse.learn(2 ** 40);
    for (let timers = 0; timers < 10; timers++) time().runNext();
    expect(time().now).toBeGreaterThan(10 * 24 * 3_600_000);
    expect(log).toEqual([]);
  });

  describe('when a timer comes late', () => {
    it('before the question, asks and gives the answer its time', () => {
      const { pulse, log } = start();
      time().stall(3_600_000);
      time().advance(0);
      expect(log).toEqual(['probe 3600000']);
      time().advance(GRACE - 1);
      pulse.heard();
      time().advance(INTERVAL);
      expect(log).toHaveLength(1);
    });

    it('after the question, asks again instead of leaving', () => {
      const { pulse, log } = start();
      time().advance(INTERVAL + GRACE);
      time().stall(3_600_000);
      time().advance(0);
      expect(log).toEqual(['probe 35000', 'probe 3635000']);
      pulse.heard();
      time().advance(INTERVAL);
      expect(log).toHaveLength(2);
    });

    it('leaves after two more looks: at some point silence is silence', () => {
      const { log } = start();
      time().advance(INTERVAL + GRACE);
      for (let late = 0; late < 2; late++) {
        time().stall(60_000);
        time().advance(0);
      }
      expect(log.map((entry) => entry.split(' ')[0])).toEqual(['probe', 'probe', 'probe']);
      time().stall(60_000);
      time().advance(GRACE);
      expect(log.at(-1)).toMatch(/^dead/);
    });

    it('has two more looks again after it has heard something', () => {
      const { pulse, log } = start();
      for (let silence = 0; silence < 5; silence++) {
        time().advance(INTERVAL + GRACE);
        for (let late = 0; late < 2; late++) {
          time().stall(60_000);
          time().advance(0);
        }
        pulse.heard();
      }
      expect(log.filter((entry) => entry.startsWith('dead'))).toEqual([]);
    });

    // What came while the loop was blocked is read after the timer: the verdict has to let it be read first.
    it.each([0, 1, 500, 1_000])(
      'blocked from the question until %p ms after the end of the wait, it still reads before it judges',
      (lateMs) => {
        const { pulse, log } = start();
        time().advance(INTERVAL + GRACE);
        time().stall(GRACE + lateMs);
        time().advance(0);
        expect(log.filter((entry) => entry.startsWith('dead'))).toEqual([]);
        time().advance(100);
        pulse.heard();
        time().advance(GRACE);
        expect(log.filter((entry) => entry.startsWith('dead'))).toEqual([]);
      },
    );
  });

  describe('asked to check', () => {
    it('asks at once, and leaves after one grace without an answer', () => {
      const { pulse, log } = start();
      time().advance(7_000);
      pulse.check();
      time().advance(INTERVAL);
      expect(log).toEqual(['probe 7000', `dead ${7_000 + GRACE}`]);
    });

    it('goes on as before when it is answered', () => {
      const { pulse, log } = start();
      time().advance(7_000);
      pulse.check();
      time().advance(100);
      pulse.heard();
      time().advance(INTERVAL + GRACE);
      expect(log).toEqual(['probe 7000', `probe ${7_100 + INTERVAL + GRACE}`]);
    });

    it('once a grace, by a timer that is a little faster than ours, does not put the verdict off', () => {
      const { pulse, log } = start();
      time().advance(1);
      pulse.check();
      time().advance(GRACE - 1);
      time().stall(1);
      pulse.check();
      time().advance(0);
      expect(log).toEqual(['probe 1', `dead ${1 + GRACE}`]);
    });

    it('asks once a grace at most, and a check cannot put the verdict off', () => {
      const { pulse, log } = start();
      time().advance(1);
      for (let ms = 0; ms < GRACE; ms += 100) {
        pulse.check();
        time().advance(100);
      }
      expect(log).toEqual(['probe 1', `dead ${1 + GRACE}`]);
    });
  });

  it('does nothing after it was stopped', () => {
    const { pulse, log } = start();
    pulse.stop();
    expect(time().pending).toBe(0);
    time().advance(1e6);
    expect(log).toEqual([]);
  });

  it('begins anew with the next connection, and forgets what it was told if it has to', () => {
    const { pulse, log } = start({});
    pulse.learn(INTERVAL);
    time().advance(INTERVAL + GRACE + 1);
    pulse.stop();
    pulse.start();
    time().advance(INTERVAL + GRACE - 1);
    expect(log).toHaveLength(1);
    pulse.stop();
    pulse.forget();
    pulse.start();
    time().advance(1e6);
    expect(log).toHaveLength(1);
  });

  it('holds no process', () => {
    start();
    expect([time().pending, time().holding]).toEqual([1, 0]);
    time().advance(INTERVAL + GRACE);
    expect([time().pending, time().holding]).toEqual([1, 0]);
  });
});
