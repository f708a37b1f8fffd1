import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';

import { ServerTally } from '../../lib/connection/server.tally.js';
import { CounterLedger, TALLY_COUNTERS, type TallyCounter } from '../../lib/metrics/counter.ledger.js';
import { METRICS_CATALOGUE, type MetricRow } from '../../lib/metrics/metrics.catalogue.js';

/** What a counter would show: everything that was ever taken, by gateway and second label. */
class Counters {
  readonly values = new Map<string, number>();

  constructor(private readonly ledger: CounterLedger) {}

  scrape(names: readonly TallyCounter[] = TALLY_COUNTERS): void {
    for (const name of names) {
      for (const { labels, value } of this.ledger.take(name)) {
        if (!(value >= 0)) throw new Error(`${name} would go down by ${value}`);
        const key = [name, ...Object.values(labels)].join(' ');
        this.values.set(key, (this.values.get(key) ?? 0) + value);
      }
    }
  }

  of(...key: string[]): number | undefined {
    return this.values.get(key.join(' '));
  }

  /** Opened less closed. */
  balance(gateway: string): number {
    let balance = this.of('ws_connections_opened_total', gateway) ?? 0;
    for (const [key, value] of this.values)
      if (key.startsWith(`ws_connections_closed_total ${gateway} `)) balance -= value;
    return balance;
  }
}

function ledgerOf(): { totals: Map<string, ServerTally>; counters: Counters } {
  const totals = new Map<string, ServerTally>();
  return { totals, counters: new Counters(new CounterLedger(() => totals)) };
}

function open(tally: ServerTally, count: number): void {
  tally.opened += count;
  tally.active += count;
}

describe('the ledger of the counters', () => {
  it('knows every series of a gateway before anything has happened to it', () => {
    const { totals, counters } = ledgerOf();
    counters.scrape();
    expect(counters.values.size).toBe(0);
    totals.set('a', new ServerTally());
    counters.scrape();
    const expected = TALLY_COUNTERS.flatMap((name) => {
      const { labels, values }: MetricRow = METRICS_CATALOGUE[name];
      return labels[1] === undefined
        ? [`${name} a`]
        : values![labels[1]]!.map((value) => `${name} a ${value}`);
    });
    expect([...counters.values].sort()).toEqual(expected.map((key) => [key, 0]).sort());
  });

  it('gives each gain once, whenever it is asked', () => {
    const { totals, counters } = ledgerOf();
    const tally = new ServerTally();
    totals.set('a', tally);
    open(tally, 3);
    counters.scrape();
    open(tally, 2);
    tally.active--;
    tally.closed.timeout++;
    tally.ghosts.silent++;
    tally.heartbeatsSent += 7;
    counters.scrape(['ws_heartbeats_sent_total']);
    counters.scrape();
    counters.scrape();
    expect(counters.of('ws_connections_opened_total', 'a')).toBe(5);
    expect(counters.of('ws_connections_closed_total', 'a', 'timeout')).toBe(1);
    expect(counters.of('ws_heartbeat_timeouts_total', 'a')).toBe(1);
    expect(counters.of('ws_ghost_connections_total', 'a', 'silent')).toBe(1);
    expect(counters.of('ws_heartbeats_sent_total', 'a')).toBe(7);
  });

  it('counts the open connections of a server that takes another name as ended under the old one', () => {
    const { totals, counters } = ledgerOf();
    const tally = new ServerTally();
    totals.set('a', tally);
    open(tally, 5);
    tally.active--;
    tally.closed.clean++;
    counters.scrape();
    totals.delete('a');
    totals.set('a+b', tally);
    counters.scrape();
    counters.scrape();
    expect(counters.of('ws_connections_closed_total', 'a', 'unwatched')).toBe(4);
    expect(counters.balance('a')).toBe(0);
    expect(counters.balance('a+b')).toBe(4);
    // It takes the old name again.
    totals.delete('a+b');
    totals.set('a', tally);
    counters.scrape();
    expect(counters.balance('a')).toBe(4);
    expect(counters.balance('a+b')).toBe(0);
  });

  it('counts as opened whoever is there beyond the count, where a server takes the name of another', () => {
    const { totals, counters } = ledgerOf();
    const [old, other] = [new ServerTally(), new ServerTally()];
    totals.set('a', old);
    open(old, 5);
    old.active -= 2;
    old.closed.clean += 2;
    counters.scrape();
    totals.set('a', other);
    open(other, 5);
    counters.scrape();
    expect(counters.of('ws_connections_opened_total', 'a')).toBe(7);
    expect(counters.balance('a')).toBe(5);
  });

  it('shows as many opened less closed as are active, whatever totals do, and never goes down', () => {
    const step = fc.record({
      gateway: fc.constantFrom('a', 'b', 'c'),
      what: fc.constantFrom('open', 'close', 'forget', 'rename', 'vanish', 'peek'),
      count: fc.integer({ min: 1, max: 5 }),
      isScraped: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const { totals, counters } = ledgerOf();
        for (const { gateway, what, count, isScraped } of steps) {
          const tally = totals.get(gateway) ?? new ServerTally();
          totals.set(gateway, tally);
          const some = Math.min(count, tally.active);
          if (what === 'open') open(tally, count);
          if (what === 'close') {
            tally.active -= some;
            tally.closed.clean += some;
          }
          if (what === 'forget') open(tally, -some);
          if (what === 'vanish') totals.delete(gateway);
          if (what === 'rename') {
            totals.delete(gateway);
            totals.set('c', tally);
          }
          if (what === 'peek') counters.scrape(['ws_connections_opened_total']);
          if (!isScraped) continue;
          counters.scrape();
          const names = ['a', 'b', 'c'];
          expect(names.map((name) => counters.balance(name))).toEqual(
            names.map((name) => totals.get(name)?.active ?? 0),
          );
        }
      }),
      { numRuns: 300 },
    );
  });
});
