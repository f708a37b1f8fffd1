import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';

import type { ConnectionEnd } from '../../lib/connection/connection.follower.js';
import type { GhostKind } from '../../lib/connection/connection.js';
import { LifecycleBus } from '../../lib/lifecycle/lifecycle.bus.js';
import { resolveOptions } from '../../lib/options/options.resolver.js';
import { ghostRateFinding, outageMsOf } from '../../lib/signals/ghost-rate.finding.js';
import { GhostJournal, type RecentGhosts } from '../../lib/signals/ghost.journal.js';
import { minutesOutsideBurst, perHour, RecentCounts, sumOf } from '../../lib/signals/recent.counts.js';
import { terminatingProxyFinding } from '../../lib/signals/terminating-proxy.finding.js';
import { Records } from '../support/records.js';

const MINUTE = 60_000;
const SETTINGS = { ghostsPerHour: 60 };
/** Of the default options: an interval of 30 s and a timeout of 20 s. */
const OUTAGE = 50_000;

function ghosts(perMinute: number[], part: Partial<RecentGhosts> = {}): RecentGhosts {
  const timeouts = sumOf(perMinute);
  return { timeouts, swept: 0, spared: 0, proxyAnswered: 0, doubtful: 0, perMinute, ...part };
}

function rate(perMinute: number[], { stands = false, outageMs = OUTAGE, part = {} } = {}) {
  return ghostRateFinding({ ...ghosts(perMinute, part), outageMs }, SETTINGS, stands);
}

function spread(options: Parameters<typeof resolveOptions>[0]): number {
  return outageMsOf(resolveOptions(options).defaults);
}

describe('the finding ghost_rate', () => {
  it('says how many, how fast, and what to do', () => {
    const part = { timeouts: 20, swept: 6, spared: 3 };
    const found = rate([3, 3, 3, 3, 3, 3, 3, 3, 3, 2], { part });
    expect(found).toMatchObject({ signal: 'ghost_rate', severity: 'warning' });
    expect(found!.message).toBe(
      '26 connections were closed in the last 10 minutes because their clients were gone (20 timeouts, 6 swept), and 3 would have been, but are only observed: 174 an hour, limit 60. Clients keep vanishing without a close that reaches this app',
    );
    expect(found!.next_step).toMatch(/ws_ghost_connections_total.*largest gap.*do not restart blindly/);
  });

  it.each([
    [[1, 1, 1, 1, 1, 1, 1, 1, 1, 2], true],
    [[1, 1, 1, 1, 1, 1, 1, 1, 1, 1], false],
    [[0, 4, 0, 0, 5, 0, 0, 4, 0, 0], true],
    [[0, 0, 0, 0, 0, 0, 0, 0, 0, 0], false],
  ])('in minutes with %j ghosts is raised: %s', (perMinute, isRaised) => {
    expect(rate(perMinute) !== undefined).toBe(isRaised);
  });

  it.each([
    ['a proxy that was restarted', [0, 0, 0, 1500, 0, 0, 0, 0, 0, 0]],
    ['one whose victims were found in two minutes', [0, 0, 0, 900, 600, 0, 0, 0, 0, 0]],
    ['one in a crowd that loses somebody now and then', [0, 1, 0, 900, 600, 0, 0, 1, 0, 1]],
    ['two a minute apart', [0, 0, 700, 0, 800, 0, 0, 0, 0, 0]],
  ])('does not cry wolf at %s', (_what, perMinute) => {
    expect(rate(perMinute)).toBeUndefined();
  });

  it('does not take one outage for many where clients are asked seldom', () => {
    const perMinute = [0, 0, 300, 320, 310, 290, 100, 0, 0, 0];
    const { defaults } = resolveOptions({ heartbeat: { intervalMs: 150_000 } });
    expect(rate(perMinute)).toBeDefined();
    expect(rate(perMinute, { outageMs: outageMsOf(defaults) })).toBeUndefined();
  });

  it('knows over how long the deaths of one outage are spread', () => {
    expect(spread({})).toBe(OUTAGE);
    expect(spread({ heartbeat: false })).toBe(30_000 + 60_000 + 20_000);
    expect(spread({ heartbeat: { enforce: 'negotiated' } })).toBe(OUTAGE + 90_000 + 60_000 + 20_000);
    expect(spread({ heartbeat: false, protocolPing: false, sweep: false })).toBe(0);
  });

  it('stands until there are no more than half as many', () => {
    expect(rate([6, 0, 0, 0, 0, 0, 0, 0, 0, 0], { stands: true })).toBeDefined();
    expect(rate([5, 0, 0, 0, 0, 0, 0, 0, 0, 0], { stands: true })).toBeUndefined();
  });

  it('does not flap while the rate wanders around the limit', () => {
    const minute = fc.integer({ min: 1, max: 2 });
    fc.assert(
      fc.property(fc.array(fc.array(minute, { minLength: 10, maxLength: 10 })), (looks) => {
        let [stands, changes] = [false, 0];
        for (const perMinute of looks) {
          const isFound = rate(perMinute, { stands }) !== undefined;
          if (isFound !== stands) changes++;
          stands = isFound;
        }
        expect(changes).toBeLessThanOrEqual(1);
      }),
    );
  });

  it('is only information where it is made of clients that may not speak heartbeats', () => {
    const found = rate([2, 2, 2, 2, 2, 2, 2, 2, 2, 2], { part: { proxyAnswered: 15, doubtful: 15 } });
    expect(found!.severity).toBe('info');
    expect(found!.message).toContain('15 of them answer protocol pings and have never answered a heartbeat');
    expect(found!.next_step).toContain('"negotiated"');
  });
});

function proxied(proxyAnswered: number, all: number, part: Partial<RecentGhosts> = {}, stands = false) {
  return terminatingProxyFinding(ghosts([all], { proxyAnswered, ...part }), stands);
}

describe('the finding ghosts_behind_terminating_proxy', () => {
  it('says how many of how many, what that means, and which proxy to look at', () => {
    const found = proxied(7, 12, { timeouts: 8, spared: 4 });
    expect(found).toMatchObject({ signal: 'ghosts_behind_terminating_proxy', severity: 'warning' });
    expect(found!.message).toMatch(
      /^7 of 12 ghosts of the last 10 minutes \(4 of them only observed, not closed\) answered protocol pings, but no heartbeat: something in between answers for clients that are gone/,
    );
    expect(found!.next_step).toMatch(/OpenResty with lua-resty-websocket, Kong.*close its side.*largest gap/);
  });

  it.each([
    [5, 5, true],
    [5, 10, true],
    [5, 11, false],
    [4, 4, false],
    [0, 1000, false],
  ])('%d of %d raise it: %s', (some, all, isRaised) => {
    expect(proxied(some, all) !== undefined).toBe(isRaised);
  });

  it.each([
    [3, 9, true],
    [3, 10, false],
    [2, 2, false],
  ])('%d of %d keep it: %s', (some, all, isKept) => {
    expect(proxied(some, all, {}, true) !== undefined).toBe(isKept);
  });

  it('is only information where most of them may not speak heartbeats at all', () => {
    expect(proxied(8, 8, { doubtful: 4 })!.severity).toBe('warning');
    const found = proxied(8, 8, { doubtful: 5 });
    expect(found!.severity).toBe('info');
    expect(found!.message).toContain('5 of them answer protocol pings and have never answered a heartbeat');
    expect(found!.next_step).toContain('"negotiated"');
  });
});

function setUp() {
  const records = new Records();
  const bus = new LifecycleBus(
    () => 0,
    (error) => {
      throw error;
    },
  );
  const journal = new GhostJournal(records.clock, bus);
  const end = (
    reason: ConnectionEnd['reason'],
    ghost?: GhostKind,
    hasAnswered = true,
    sparedAs?: GhostKind,
  ): void => {
    const connection = Object.assign(records.make(), { hasAnswered, sparedAs });
    journal.closed(connection, { reason, ghost } as ConnectionEnd);
  };
  const spare = (ghost: GhostKind, latencyMs?: number): void => {
    const connection = { ...records.photographer.take(records.make()), latencyMs };
    bus.publish('spared', () => ({ connection, reason: 'timeout' as const, ghost }));
  };
  return { clock: records.clock, journal, end, spare };
}

describe('the journal of ghosts', () => {
  it('counts nobody twice who was observed first and is swept later', () => {
    const { journal, end, spare } = setUp();
    spare('proxy_answered', 12);
    end('stale_sweep', 'proxy_answered', true, 'proxy_answered');
    expect(journal.recent()).toMatchObject({ spared: 1, swept: 0, proxyAnswered: 1 });
  });

  it('counts timeouts, the swept and the spared apart, and no other end', () => {
    const { journal, end, spare } = setUp();
    end('timeout', 'silent');
    end('timeout', 'proxy_answered');
    end('timeout', 'proxy_answered', false);
    end('stale_sweep', 'unknown');
    spare('silent');
    spare('proxy_answered', 12);
    spare('proxy_answered');
    for (const reason of ['clean', 'error', 'evicted', 'shutdown', 'abuse', 'backpressure'] as const)
      end(reason);
    expect(journal.recent()).toEqual({
      timeouts: 3,
      swept: 1,
      spared: 3,
      proxyAnswered: 4,
      doubtful: 2,
      perMinute: [0, 0, 0, 0, 0, 0, 0, 0, 0, 7],
    });
  });

  it('forgets them after ten minutes', () => {
    const { clock, journal, end } = setUp();
    end('timeout', 'silent');
    clock.stall(9 * MINUTE);
    end('timeout', 'silent');
    expect(journal.recent()).toMatchObject({ timeouts: 2, perMinute: [1, 0, 0, 0, 0, 0, 0, 0, 0, 1] });
    clock.stall(MINUTE);
    expect(journal.recent().timeouts).toBe(1);
    clock.stall(100 * MINUTE);
    expect(journal.recent()).toMatchObject({ timeouts: 0, perMinute: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0] });
  });
});

describe('counts of the last ten minutes', () => {
  it('are those of a list that remembers everything', () => {
    const event = fc.record({ afterMs: fc.nat(4 * MINUTE), kind: fc.constantFrom('a', 'b') });
    fc.assert(
      fc.property(fc.array(event), (events) => {
        const counts = new RecentCounts();
        const all: { minute: number; kind: string }[] = [];
        let now = 0;
        for (const { afterMs, kind } of events) {
          now += afterMs;
          counts.add(kind, now);
          all.push({ minute: Math.floor(now / MINUTE), kind });
        }
        const last = Math.floor(now / MINUTE);
        const expected = Array.from(
          { length: 10 },
          (_, index) => all.filter(({ minute, kind }) => minute === last - 9 + index && kind === 'a').length,
        );
        expect(counts.perMinute(['a'], now)).toEqual(expected);
        expect(counts.total('a', now)).toBe(sumOf(expected));
        expect(sumOf(counts.perMinute(['a', 'b'], now))).toBe(
          all.filter(({ minute }) => minute > last - 10).length,
        );
      }),
    );
  });

  it('make a rate per hour', () => {
    expect(perHour(10)).toBe(60);
  });

  it('are told without the worst run of minutes', () => {
    expect(minutesOutsideBurst([1, 5, 6, 1], 2)).toEqual([0, 3]);
    expect(minutesOutsideBurst([9, 5, 6, 1], 1)).toEqual([1, 2, 3]);
    expect(minutesOutsideBurst([9, 5, 6, 10], 3)).toEqual([0]);
    expect(minutesOutsideBurst([9, 5], 5)).toEqual([]);
  });
});
