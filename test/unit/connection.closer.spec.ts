import { describe, expect, it } from '@jest/globals';

import { ConnectionCloser } from '../../lib/connection/connection.closer.js';
import type { Connection } from '../../lib/connection/connection.js';
import { Records } from '../support/records.js';

const GRACE = 5_000;

function setUp() {
  const records = new Records();
  const stuck: [Connection, boolean][] = [];
  const failures: unknown[] = [];
  const closer = new ConnectionCloser({
    clock: records.awake,
    began: (connection) => begin(connection),
    stuck: (connection, isNews) => stuck.push([connection, isNews]),
    failed: (error) => failures.push(error),
  });
  /** As the tracker does when a tap tells of a close. */
  const begin = (connection: Connection): void => {
    connection.state = 'closing';
    closer.closing(connection);
  };
  const pass = (ms: number): void => {
    records.clock.stall(ms);
    closer.tick(records.awake.now());
  };
  return { ...records, closer, stuck, failures, begin, pass };
}

describe('ConnectionCloser (R6)', () => {
  it('sends code and text of the reason, or those it was told', () => {
    const { closer, make, driver } = bound(setUp());
    const [one, other] = [make(), make({ closeCodes: { timeout: 4444 } })];
    expect(closer.close(one, { reason: 'evicted', code: 4100, text: 'go' })).toBe(true);
    expect(closer.close(other, { reason: 'timeout', ghost: 'silent' })).toBe(true);
    expect(driver.closes).toEqual([
      { code: 4100, text: 'go' },
      { code: 4444, text: 'heartbeat timeout' },
    ]);
    expect(other.closing).toMatchObject({ reason: 'timeout', code: 4444, ghost: 'silent' });
  });

  it('closes nobody twice: the first reason holds', () => {
    const { closer, make, driver } = bound(setUp());
    const connection = make();
    closer.close(connection, { reason: 'timeout' });
    expect(closer.close(connection, { reason: 'evicted' })).toBe(false);
    expect(connection.closing!.reason).toBe('timeout');
    expect(driver.closes).toHaveLength(1);
  });

  it('terminates when the grace period is over, not before, and not when the socket ended by itself', () => {
    const { closer, make, driver, pass } = bound(setUp());
    const [frozen, polite] = [make(), make()];
    for (const connection of [frozen, polite]) closer.close(connection, { reason: 'timeout' });
    expect(closer.closingCount).toBe(2);
    pass(GRACE - 1);
    closer.closed(polite);
    expect(driver.terminated).toBe(0);
    pass(1);
    expect(driver.terminated).toBe(1);
    closer.closed(frozen);
    pass(10 * GRACE);
    expect(driver.terminated).toBe(1);
    expect(closer.closingCount).toBe(0);
  });

  it('sees to the end of what the app or the peer began', () => {
    const { make, driver, begin, pass } = bound(setUp());
    begin(make());
    pass(GRACE);
    expect(driver.terminated).toBe(1);
  });

  it('lets what the app had sent before its close leave first, as long as it moves', () => {
    const { make, driver, begin, pass } = bound(setUp());
    const raw = { bytesWritten: 10_000, writableLength: 10_000 };
    driver.buffered = 10_000;
    begin(make({ heartbeat: false }, { raw }));
    for (let gone = 0; gone < 5; gone++) {
      raw.writableLength -= 1_000;
      pass(GRACE - 1);
    }
    expect(driver.terminated).toBe(0);
    pass(GRACE);
    pass(GRACE);
    expect(driver.terminated).toBe(1);
  });

  it.each([
    ['heartbeats', {}],
    ['protocol pings', { heartbeat: false as const }],
  ])(
    'gives a reader the time to read what a kernel holds, where %s tell how far it has come',
    (_name, asked) => {
      const { make, driver, begin, pass } = bound(setUp());
      const reader = make(
        { ...asked, progress: { minDrainBytesPerSecond: 1_000 } },
        { raw: { bytesWritten: 30_000 } },
      );
      reader.confirmedBytes = 10_000;
      begin(reader);
      pass(GRACE + 19_999);
      expect(driver.terminated).toBe(0);
      pass(1);
      expect(driver.terminated).toBe(1);
    },
  );

  it('gives no such time where nothing is asked, since nothing ever tells that it was read', () => {
    const { make, driver, begin, pass } = bound(setUp());
    const silent = { heartbeat: false, protocolPing: false, sweep: { mode: 'observe' } } as const;
    begin(make(silent, { raw: { bytesWritten: 30_000 } }));
    pass(GRACE);
    expect(driver.terminated).toBe(1);
  });

  it('gives a ghost no such time', () => {
    const { closer, make, driver, pass } = bound(setUp());
    const raw = { bytesWritten: 10_000, writableLength: 10_000 };
    driver.buffered = 10_000;
    closer.close(make({}, { raw }), { reason: 'timeout' });
    raw.writableLength -= 1_000;
    pass(GRACE);
    expect(driver.terminated).toBe(1);
  });

  it('notes what never left, before the socket forgets it', () => {
    const { closer, make, driver, pass } = bound(setUp());
    const connection = make();
    driver.buffered = 777;
    closer.close(connection, { reason: 'timeout' });
    pass(GRACE);
    expect(connection.unsentBytes).toBe(777);
  });

  it('tells of a socket that was destroyed and has not ended, as news once', () => {
    const { closer, make, stuck, pass, driver } = bound(setUp());
    const connection = make();
    closer.close(connection, { reason: 'timeout' });
    pass(GRACE);
    expect(stuck).toEqual([]);
    pass(GRACE);
    pass(GRACE);
    expect(stuck).toEqual([
      [connection, true],
      [connection, false],
    ]);
    expect(closer.stuckCount).toBe(1);
    closer.closed(connection);
    expect(closer.stuckCount).toBe(0);
    expect(driver.terminated).toBe(1);
  });

  it('ends the others when one cannot be closed or terminated (R11)', () => {
    const { closer, make, driver, failures, pass } = bound(setUp());
    const [one, other] = [make(), make()];
    driver.close = () => {
      throw new Error('close');
    };
    closer.close(one, { reason: 'timeout' });
    closer.close(other, { reason: 'timeout' });
    const { terminate } = driver;
    driver.terminate = () => {
      driver.terminate = terminate;
      throw new Error('terminate');
    };
    pass(GRACE);
    expect(failures).toEqual([new Error('close'), new Error('close'), new Error('terminate')]);
    expect(driver.terminated).toBe(1);
  });
});

/** The helpers of the records, fit to be taken apart. */
function bound(parts: ReturnType<typeof setUp>) {
  const records = new Records();
  Object.assign(records, { clock: parts.clock, awake: parts.awake, driver: parts.driver });
  return { ...parts, make: records.make.bind(records) };
}
