import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import type { ConnectionHealthModuleOptions } from 'nestjs-connection-health';

import { AwakeClock } from '../../lib/clock/awake.clock.js';
import type { Connection } from '../../lib/connection/connection.js';
import { Crowd } from '../../lib/connection/crowd.js';
import { countHeads, type HeadCount } from '../../lib/signals/head.count.js';
import { isProvable, staleRatioFinding } from '../../lib/signals/stale-ratio.finding.js';
import { FakeClock } from '../support/fake.clock.js';
import { Records } from '../support/records.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const LIMITS = { staleRatio: 0.5, minSample: 50 };
const atOnce = (): Promise<void> => Promise.resolve();

/** The case of the issue: 45 young ones, of whom 42 and 3 have spoken lately, and what a day has left behind. */
function reportedCase(records: Records): Connection[] {
  records.clock.stall(48 * HOUR);
  const now = records.awake.now();
  const make = (count: number, ageMs: number, idleMs: number): Connection[] =>
    Array.from({ length: count }, () => {
      const connection = records.make();
      connection.block.openedAt[connection.at] = now - ageMs;
      return Object.assign(connection, { lastPeerAt: now - idleMs, hasAnswered: true });
    });
  return [
    ...make(42, 30 * MINUTE, 10_000),
    ...make(3, 30 * MINUTE, 2 * MINUTE),
    ...make(120, 3 * HOUR, HOUR),
    ...make(380, 8 * HOUR, 2 * HOUR),
    ...make(1006, 20 * HOUR, 10 * HOUR),
  ];
}

function heads(part: Partial<HeadCount>): HeadCount {
  return { total: 100, identified: 0, silent: 0, doubtful: 0, ...part };
}

function find(count: HeadCount, { stands = false, provableForMs = 0 } = {}) {
  return staleRatioFinding({ ...count, provableForMs }, LIMITS, stands);
}

describe('the finding stale_ratio', () => {
  it('tells the reported case by its numbers: 1506 of 1551', async () => {
    const records = new Records();
    const count = await countHeads(reportedCase(records), records.awake, atOnce);
    expect(count).toEqual({ total: 1551, identified: 0, silent: 1506, doubtful: 0 });
    const found = find(count);
    expect(found).toMatchObject({ signal: 'stale_ratio', severity: 'warning' });
    expect(found!.message).toBe(
      '1506 of 1551 connections have given no evidence of life for 5 minutes or more (97 %, limit 50 %): they take memory, file descriptors and presence for clients that are gone',
    );
    expect(found!.next_step).toMatch(
      /^Quantify.*largest gap.*POST …\/sweep.*service\.sweep\(\{ staleAfterMs: 300_000 \}\).*Do not restart blindly/,
    );
  });

  it.each([
    [0, 'warning'],
    [MINUTE, 'warning'],
    [MINUTE + 1, 'critical'],
  ])('is, when it has been provable for %d ms, a %s', (provableForMs, severity) => {
    expect(find(heads({ silent: 80 }), { provableForMs })!.severity).toBe(severity);
  });

  it.each([
    [100, 51, true],
    [100, 50, false],
    [50, 50, true],
    [49, 49, false],
    [0, 0, false],
  ])('of %d connections %d silent ones raise it: %s', (total, silent, isRaised) => {
    expect(find(heads({ total, silent })) !== undefined).toBe(isRaised);
  });

  it.each([
    [100, 41, true],
    [100, 40, false],
    [41, 41, true],
    [39, 39, false],
  ])('of %d connections %d silent ones keep it: %s', (total, silent, isKept) => {
    expect(find(heads({ total, silent }), { stands: true }) !== undefined).toBe(isKept);
  });

  it('does not flap while the ratio wanders around the limit', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 41, max: 60 }), { minLength: 1 }), (silents) => {
        let [stands, changes] = [false, 0];
        for (const silent of silents) {
          const isFound = find(heads({ silent }), { stands }) !== undefined;
          if (isFound !== stands) changes++;
          stands = isFound;
        }
        expect(changes).toBeLessThanOrEqual(1);
      }),
    );
  });

  it('proves nothing by those who may only not speak heartbeats, and says how many they are', () => {
    const mixed = heads({ silent: 80, doubtful: 70 });
    expect(isProvable(mixed, LIMITS, false)).toBe(false);
    const found = find(mixed);
    expect(found!.severity).toBe('warning');
    expect(found!.message).toContain('70 of them answer protocol pings and have never answered a heartbeat');
    expect(found!.next_step).toContain('"negotiated"');
    expect(isProvable(heads({ silent: 80, doubtful: 20 }), LIMITS, false)).toBe(true);
  });
});

function ponging(connection: Connection, now: number): void {
  connection.lastHopAt = now - 1;
}

describe('the count of heads', () => {
  const QUIET = 10 * MINUTE;

  /** One connection that was silent for ten minutes, counted. */
  async function countOne(
    options: ConnectionHealthModuleOptions,
    change: (connection: Connection, now: number) => void = () => undefined,
  ): Promise<HeadCount> {
    const records = new Records();
    const connection = records.make(options);
    records.clock.stall(QUIET);
    change(connection, records.awake.now());
    return countHeads([connection], records.awake, atOnce);
  }

  it('takes who was asked in vain for silent, by heartbeats or by protocol pings', async () => {
    expect(await countOne({})).toMatchObject({ silent: 1 });
    expect(await countOne({ heartbeat: false })).toMatchObject({ silent: 1 });
  });

  it.each<[string, ConnectionHealthModuleOptions]>([
    ['nobody is asked', { heartbeat: false, protocolPing: false, sweep: false }],
    ['somebody is asked more seldom than that', { heartbeat: { intervalMs: 2 * QUIET } }],
    ['somebody is pinged more seldom than that', { heartbeat: false, protocolPing: { intervalMs: QUIET } }],
  ])('calls nobody silent where %s', async (_what, options) => {
    expect(await countOne(options)).toMatchObject({ total: 1, silent: 0 });
  });

  it('calls nobody silent whom the app has paused', async () => {
    const count = await countOne({}, (connection) => (connection.isPaused = true));
    expect(count).toMatchObject({ silent: 0 });
  });

  it('calls nobody silent in a crowd that does not speak heartbeats and gets nothing else', async () => {
    const records = new Records();
    const crowd = new Crowd(1);
    crowd.noteAsked();
    const connection = records.make({ protocolPing: false });
    Object.assign(connection.server, { crowd });
    records.clock.stall(QUIET);
    expect(await countHeads([connection], records.awake, atOnce)).toMatchObject({ silent: 0 });
  });

  it('doubts who answers protocol pings and has never answered a heartbeat', async () => {
    expect(await countOne({}, ponging)).toMatchObject({ silent: 1, doubtful: 1 });
    const lapsed = (connection: Connection, now: number): void => {
      ponging(connection, now);
      connection.hasAnswered = true;
    };
    expect(await countOne({}, lapsed)).toMatchObject({ silent: 1, doubtful: 0 });
  });

  it('counts who says who it is', async () => {
    const count = await countOne({}, (connection) => (connection.identity = 'ada'));
    expect(count).toMatchObject({ total: 1, identified: 1 });
  });

  it('calls nobody silent for the time in which we were suspended (R2)', async () => {
    const clock = new FakeClock();
    const awake = new AwakeClock(clock, 500);
    const records = new Records();
    const connection = records.make();
    clock.stall(HOUR);
    awake.observe();
    expect(await countHeads([connection], awake, atOnce)).toMatchObject({ silent: 0 });
  });

  it('lets others run between its slices, and goes on with what they have left', async () => {
    const records = new Records();
    const connections = new Set(Array.from({ length: 12_000 }, () => records.make()));
    let turns = 0;
    const last = [...connections].at(-1)!;
    const count = await countHeads(connections, records.awake, () => {
      turns++;
      connections.delete(last);
      return Promise.resolve();
    });
    expect(turns).toBe(2);
    expect(count.total).toBe(11_999);
  });
});
