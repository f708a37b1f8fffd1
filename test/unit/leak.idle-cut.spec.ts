import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import type { ConnectionHealthModuleOptions } from 'nestjs-connection-health';

import { AwakeClock } from '../../lib/clock/awake.clock.js';
import type { ConnectionEnd } from '../../lib/connection/connection.follower.js';
import type { Connection } from '../../lib/connection/connection.js';
import { CutJournal, type Cut } from '../../lib/signals/cut.journal.js';
import { idleCutFinding } from '../../lib/signals/idle-cut.finding.js';
import { Records, type FakeRaw } from '../support/records.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const NO_HEARTBEATS: ConnectionHealthModuleOptions = { heartbeat: false, protocolPing: false, sweep: false };

/** So many cuts after so long a silence, one a minute unless said otherwise. */
function cuts(count: number, silentMs: number, everyMs = MINUTE): Cut[] {
  return Array.from({ length: count }, (_, index) => ({ at: index * everyMs, silentMs }));
}

describe('the finding idle_cut', () => {
  it.each([
    [
      60_100,
      '60.1',
      'a limit of 60 s: the default of nginx (proxy_read_timeout), Apache and AWS ALB',
      30_000,
    ],
    [55_050, '55.1', "a limit of 55 s: the limit of Heroku's router", 27_000],
    [101_500, '101.5', 'a limit of 100 s: the limit of Cloudflare', 50_000],
    [350_200, '350.2', 'a limit of 350 s: the default of AWS NLB', 175_000],
    [30_100, '30.1', 'a limit of about 30.1 s', 15_000],
    [900_000, '900', 'a limit of about 900 s', 450_000],
  ])('names the limit behind cuts at %d ms, and the interval to set', (silentMs, told, limit, intervalMs) => {
    const found = idleCutFinding(
      [...cuts(9, silentMs), ...cuts(3, silentMs + 400), ...cuts(1, 3_000)],
      false,
    );
    expect(found).toMatchObject({ signal: 'idle_cut', severity: 'warning' });
    expect(found!.message).toBe(
      `12 of 13 connections that ended without a close frame in the last hour (92 %) had been silent in both directions for ${told} s: something in between cuts idle connections, with ${limit}`,
    );
    expect(found!.next_step).toContain(
      `heartbeat.intervalMs (with heartbeat: false, protocolPing.intervalMs) to at most ${intervalMs}, half of that limit`,
    );
  });

  it.each([
    ['too few', cuts(9, 60_000)],
    ['too small a share', [...cuts(12, 60_000), ...cuts(4, 20_000), ...cuts(5, 90_000)]],
    ['silences that no proxy minds', cuts(200, 5_000)],
    ['a blip: everybody at one moment, after the same broadcast', cuts(100, 42_000, 10)],
    [
      'four blips',
      Array.from({ length: 4 }, (_, blip) =>
        cuts(8, 42_000, 1).map((cut) => ({ ...cut, at: cut.at + blip * 300_000 })),
      ).flat(),
    ],
    ['none at all', []],
  ])('does not cry wolf at %s', (_what, some) => {
    expect(idleCutFinding(some, false)).toBeUndefined();
  });

  it('is not found in silences of any age', () => {
    const cut = fc.record({ at: fc.nat(HOUR), silentMs: fc.integer({ min: 0, max: 120_000 }) });
    let found = 0;
    fc.assert(
      fc.property(fc.array(cut, { minLength: 60, maxLength: 256 }), (some) => {
        // fast-check likes extreme and equal values: only ages that are spread count as random ones.
        const spread = some.map(({ at, silentMs }, index) => ({
          at,
          silentMs: (silentMs + index * 7_919) % 120_000,
        }));
        if (idleCutFinding(spread, false) !== undefined) found++;
      }),
      { numRuns: 300 },
    );
    expect(found).toBe(0);
  });

  it('is not found where we speak every 30 s and connections vanish at any time between', () => {
    const some = Array.from({ length: 256 }, (_, index) => ({
      at: index * 14_000,
      silentMs: (index * 7_919) % 30_000,
    }));
    expect(idleCutFinding(some, false)).toBeUndefined();
  });

  it('stands until clearly less of them are alike', () => {
    const some = [...cuts(6, 60_000), ...cuts(3, 20_000), ...cuts(3, 40_000)];
    expect(idleCutFinding(some, true)).toBeDefined();
    expect(idleCutFinding(some, false)).toBeUndefined();
    expect(idleCutFinding([...some, ...cuts(4, 30_000)], true)).toBeUndefined();
    expect(idleCutFinding(cuts(4, 60_000), true)).toBeUndefined();
  });
});

function setUp(options: ConnectionHealthModuleOptions = NO_HEARTBEATS) {
  const records = new Records();
  const journal = new CutJournal(records.clock, records.awake);
  /** A connection that is cut after a silence, in ways that differ. */
  const cut = (
    silentMs: number,
    {
      raw = { readableEnded: true },
      prepare = () => undefined,
      receivedCode = 1006,
    }: { raw?: FakeRaw; prepare?: (connection: Connection) => void; receivedCode?: number } = {},
  ): void => {
    const connection = records.make(options, { raw });
    records.clock.stall(MINUTE);
    connection.lastPeerAt = records.awake.now();
    records.clock.stall(silentMs);
    prepare(connection);
    journal.closing(connection);
    journal.closed(connection, { receivedCode } as ConnectionEnd);
  };
  const silences = (): number[] => journal.recent(HOUR).map(({ silentMs }) => silentMs);
  return { records, clock: records.clock, journal, cut, silences };
}

describe('the journal of cuts', () => {
  it('knows for how long nothing had been heard', () => {
    const { cut, silences } = setUp();
    cut(60_000);
    cut(61_000, { raw: { errored: new Error('reset') } });
    expect(silences()).toEqual([60_000, 61_000]);
  });

  it('knows what we have said since, the app and ourselves', () => {
    const { journal, clock, cut, silences } = setUp();
    cut(60_000, {
      prepare: (connection) => {
        journal.tick();
        journal.sent(connection);
        clock.stall(10_000);
      },
    });
    expect(silences()).toEqual([10_000]);
    const asking = setUp({ heartbeat: { intervalMs: 120_000 } });
    asking.cut(60_000, { prepare: (connection) => (connection.beatAt = asking.records.awake.now() - 5_000) });
    asking.cut(60_000, {
      prepare: (connection) => (connection.beatAt = asking.records.awake.now() + 100_000),
    });
    expect(asking.silences()).toEqual([5_000, 20_000]);
  });

  it.each<[string, Parameters<ReturnType<typeof setUp>['cut']>[1]]>([
    ['that this side destroyed, as after a login that took too long', { raw: {} }],
    [
      'that we closed',
      { prepare: (each) => (each.closing = { reason: 'timeout', code: 4001, text: '', ghost: 'silent' }) },
    ],
    ['that the app closed, and whose peer did not answer', { prepare: (each) => (each.sentCode = 4200) }],
    ['that ended with a close frame', { receivedCode: 1001 }],
    ['that was paused', { prepare: (each) => (each.isPaused = true) }],
    ['to which bytes waited to be sent', { prepare: (each) => (each.unsentBytes = 1) }],
    [
      'that was in the middle of a message',
      { prepare: (each) => (each.upload = { messagesBefore: 0, since: 0, bytes: 1, at: 0 }) },
    ],
  ])('leaves out one %s', (_what, how) => {
    const { cut, silences } = setUp();
    cut(60_000, how);
    expect(silences()).toEqual([]);
  });

  it('leaves out silences that a stall has blurred', () => {
    const records = new Records();
    const awake = new AwakeClock(records.clock, 500);
    const journal = new CutJournal(records.clock, awake);
    const connection = records.make(NO_HEARTBEATS, { raw: { readableEnded: true } });
    records.clock.stall(60_000);
    journal.closing(connection);
    journal.closed(connection, { receivedCode: 1006 } as ConnectionEnd);
    expect(journal.recent(HOUR)).toEqual([]);
  });

  it('takes of a crowd that is cut at once no more than a few, so that a blip does not outweigh the rest', () => {
    const { records, journal, silences } = setUp();
    const crowd = Array.from({ length: 1_000 }, () =>
      records.make(NO_HEARTBEATS, { raw: { readableEnded: true } }),
    );
    records.clock.stall(60_000);
    for (const connection of crowd) {
      journal.closing(connection);
      journal.closed(connection, { receivedCode: 1006 } as ConnectionEnd);
    }
    expect(silences()).toHaveLength(8);
  });

  it('remembers the last hour, and never more than 256', () => {
    const { clock, cut, journal, silences } = setUp();
    cut(50_000);
    clock.stall(HOUR + 1);
    expect(silences()).toEqual([]);
    for (let count = 0; count < 400; count++) cut(20_000 + count);
    expect(journal.recent(Infinity)).toHaveLength(256);
    expect(journal.recent(Infinity).at(-1)!.silentMs).toBe(20_399);
  });

  it('holds on to nobody: neither to the closed nor to the forgotten', () => {
    const { records, journal } = setUp();
    const [closed, forgotten] = [1, 2].map(() =>
      records.make(NO_HEARTBEATS, { raw: { readableEnded: true } }),
    );
    journal.closing(closed!);
    journal.closing(forgotten!);
    expect(journal['silences'].size).toBe(2);
    journal.closed(closed!, { receivedCode: 1001 } as ConnectionEnd);
    journal.forgotten(forgotten!);
    expect(journal['silences'].size).toBe(0);
  });
});
