import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';

import { AwakeClock } from '../../lib/clock/awake.clock.js';
import { takeCensus, takeWholeCensus } from '../../lib/connection/connection.census.js';
import { ConnectionRegistry } from '../../lib/connection/connection.registry.js';
import { Crowd } from '../../lib/connection/crowd.js';
import { FakeClock } from '../support/fake.clock.js';
import { Records } from '../support/records.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const NO_AGE = { '0-1h': 0, '1-6h': 0, '6-12h': 0, '12-24h': 0, '24h+': 0 };
const NO_IDLE = { active_last_60s: 0, 'idle_1-5min': 0, 'idle_5min+': 0 };

function censusOf(ages: readonly { ageMs: number; idleMs: number; name?: string; closing?: boolean }[]) {
  const records = new Records();
  records.clock.stall(2 * DAY);
  const now = records.awake.now();
  const connections = ages.map(({ ageMs, idleMs, name, closing }) => {
    const connection = records.make({}, { name });
    connection.block.openedAt[connection.at] = now - ageMs;
    connection.lastPeerAt = now - idleMs;
    if (closing) connection.state = 'closing';
    return connection;
  });
  return takeCensus(connections, records.awake);
}

describe('takeCensus', () => {
  it('counts nobody', () => {
    const { all, byGateway } = censusOf([]);
    expect(all).toEqual({ total: 0, closing: 0, byAge: NO_AGE, byLastActivity: NO_IDLE });
    expect(byGateway.size).toBe(0);
  });

  it.each([
    [0, '0-1h'],
    [HOUR - 1, '0-1h'],
    [HOUR, '1-6h'],
    [6 * HOUR - 1, '1-6h'],
    [6 * HOUR, '6-12h'],
    [12 * HOUR, '12-24h'],
    [DAY - 1, '12-24h'],
    [DAY, '24h+'],
    [2 * DAY, '24h+'],
  ])('puts the age of %d ms into %s', (ageMs, bucket) => {
    expect(censusOf([{ ageMs, idleMs: 0 }]).all.byAge).toEqual({ ...NO_AGE, [bucket]: 1 });
  });

  it.each([
    [0, 'active_last_60s'],
    [MINUTE - 1, 'active_last_60s'],
    [MINUTE, 'idle_1-5min'],
    [5 * MINUTE - 1, 'idle_1-5min'],
    [5 * MINUTE, 'idle_5min+'],
    [DAY, 'idle_5min+'],
  ])('puts %d ms of silence into %s', (idleMs, bucket) => {
    expect(censusOf([{ ageMs: DAY, idleMs }]).all.byLastActivity).toEqual({ ...NO_IDLE, [bucket]: 1 });
  });

  it('counts each gateway apart, and the closing among the active (R6)', () => {
    const { all, byGateway } = censusOf([
      { ageMs: 1, idleMs: 1, name: 'A' },
      { ageMs: 1, idleMs: 1, name: 'A', closing: true },
      { ageMs: DAY, idleMs: HOUR, name: 'B' },
    ]);
    expect(all).toMatchObject({ total: 3, closing: 1 });
    expect(byGateway.get('A')).toMatchObject({ total: 2, closing: 1, byAge: { '0-1h': 2, '24h+': 0 } });
    expect(byGateway.get('B')).toMatchObject({ total: 1, closing: 0, byAge: { '0-1h': 0, '24h+': 1 } });
  });

  it('tells ages by the wall clock, suspended time included', () => {
    const records = new Records();
    const clock = new FakeClock();
    const awake = new AwakeClock(clock, 500);
    const connection = records.make();
    clock.stall(7 * HOUR);
    awake.observe();
    const { all } = takeCensus([connection], awake);
    expect(all.byAge).toEqual({ ...NO_AGE, '6-12h': 1 });
  });

  it('reads no clock for each connection', () => {
    const records = new Records();
    const connections = Array.from({ length: 1_000 }, () => records.make());
    let readings = 0;
    const clock = new FakeClock();
    const monotonic = clock.monotonic.bind(clock);
    clock.monotonic = () => {
      readings++;
      return monotonic();
    };
    takeCensus(connections, new AwakeClock(clock, 500));
    expect(readings).toBeLessThan(50);
  });

  it('counts the same over columns and over records, whoever comes and goes', () => {
    const person = fc.record({
      server: fc.nat({ max: 3 }),
      ageMs: fc.nat({ max: 2 * DAY }),
      idleMs: fc.nat({ max: 10 * MINUTE }),
      hopIdleMs: fc.option(fc.nat({ max: 10 * MINUTE })),
      isClosing: fc.boolean(),
      isHeldUp: fc.boolean(),
      hasAnswered: fc.boolean(),
      leaves: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(person, { maxLength: 40 }), fc.boolean(), (people, isMute) => {
        const records = new Records();
        records.clock.stall(2 * DAY);
        const now = records.awake.now();
        const { server } = records.make({}, { name: 'A' });
        const servers = [
          server,
          { ...server, crowd: new Crowd(isMute ? 0 : Infinity) },
          { ...records.make({ heartbeat: { enforce: 'negotiated' } }).server, name: 'B' },
          { ...records.make({ heartbeat: false }).server, name: 'B' },
        ];
        const registry = new ConnectionRegistry();
        // As they are numbered, so they were opened.
        for (const each of people.toSorted((one, other) => other.ageMs - one.ageMs)) {
          const connection = Object.assign(records.make(), { server: servers[each.server] });
          registry.add(connection);
          connection.block.openedAt[connection.at] = now - each.ageMs;
          connection.lastPeerAt = now - each.idleMs;
          if (each.hopIdleMs !== null) connection.lastHopAt = now - each.hopIdleMs;
          connection.isHeldUp = each.isHeldUp;
          connection.hasAnswered = each.hasAnswered;
          if (each.isClosing) connection.state = 'closing';
          if (each.leaves) registry.remove(connection);
        }
        expect(takeWholeCensus(registry, records.awake)).toEqual(takeCensus(registry, records.awake));
      }),
    );
  });
});
