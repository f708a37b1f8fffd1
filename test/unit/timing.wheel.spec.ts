import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';

import { TimingWheel, type WheelEntry } from '../../lib/heartbeat/timing.wheel.js';

class Entry implements WheelEntry<Entry> {
  dueTick = -1;
  previousDue: Entry | undefined = undefined;
  nextDue: Entry | undefined = undefined;
  /** What to do when it is due: schedule or cancel entries, itself included. */
  reaction: Reaction | undefined = undefined;

  constructor(readonly id: number) {}
}

interface Reaction {
  readonly kind: 'schedule' | 'cancel';
  readonly id: number;
  readonly afterMs: number;
}

type Step =
  | ({ readonly step: 'schedule' } & Pick<Reaction, 'id' | 'afterMs'>)
  | { readonly step: 'cancel'; readonly id: number }
  | { readonly step: 'advance'; readonly byMs: number; readonly atOnce: number }
  | { readonly step: 'react'; readonly id: number; readonly reaction: Reaction | undefined };

const TICK_MS = 10;
const TURN_MS = 4_096 * TICK_MS;
const ENTRIES = 6;

/** The same promises kept in the dullest way: a map from entry to tick. */
class NaiveWheel {
  private readonly ticks = new Map<number, number>();
  private readonly reactions = new Map<number, Reaction | undefined>();
  private tick: number;

  constructor(now: number) {
    this.tick = Math.floor(now / TICK_MS);
  }

  schedule(id: number, at: number): void {
    this.ticks.set(id, Math.max(Math.ceil(at / TICK_MS), this.tick + 1));
  }

  cancel(id: number): void {
    this.ticks.delete(id);
  }

  react(id: number, reaction: Reaction | undefined): void {
    this.reactions.set(id, reaction);
  }

  /** Which entries are due, tick by tick; entries due at one tick have no order among themselves. */
  advance(now: number, dueInOrder: (candidates: Set<number>) => number): void {
    for (this.tick++; this.tick <= Math.floor(now / TICK_MS); this.tick++) {
      const due = new Set([...this.ticks].filter(([, tick]) => tick === this.tick).map(([id]) => id));
      while (due.size > 0) {
        const id = dueInOrder(due);
        due.delete(id);
        this.ticks.delete(id);
        const reaction = this.reactions.get(id);
        if (reaction === undefined) continue;
        due.delete(reaction.id);
        if (reaction.kind === 'cancel') this.cancel(reaction.id);
        else this.schedule(reaction.id, now + reaction.afterMs);
      }
    }
    this.tick = Math.max(Math.floor(now / TICK_MS), 0);
  }
}

const id = fc.nat({ max: ENTRIES - 1 });
// Some are due at once, some several turns of the wheel later.
const afterMs = fc.oneof(fc.integer({ min: -50, max: 200 }), fc.nat({ max: 4 * TURN_MS }));
const reaction = fc.record({ kind: fc.constantFrom('schedule', 'cancel'), id, afterMs });
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ step: fc.constant('schedule' as const), id, afterMs }),
  fc.record({ step: fc.constant('cancel' as const), id }),
  fc.record({
    step: fc.constant('advance' as const),
    byMs: fc.oneof(
      { weight: 20, arbitrary: fc.nat({ max: 60 }) },
      { weight: 1, arbitrary: fc.nat({ max: 2 * TURN_MS }) },
    ),
    atOnce: fc.integer({ min: 1, max: 4 }),
  }),
  fc.record({ step: fc.constant('react' as const), id, reaction: fc.option(reaction, { nil: undefined }) }),
);

function run(steps: readonly Step[], start: number): void {
  let now = start;
  const wheel = new TimingWheel<Entry>(now);
  const naive = new NaiveWheel(now);
  const entries = Array.from({ length: ENTRIES }, (_, number) => new Entry(number));
  for (const each of steps) {
    if (each.step === 'schedule') {
      wheel.schedule(entries[each.id]!, now + each.afterMs);
      naive.schedule(each.id, now + each.afterMs);
    } else if (each.step === 'cancel') {
      wheel.cancel(entries[each.id]!);
      naive.cancel(each.id);
    } else if (each.step === 'react') {
      entries[each.id]!.reaction = each.reaction;
      naive.react(each.id, each.reaction);
    } else {
      now += each.byMs;
      const handedOver: number[] = [];
      const due = (entry: Entry): void => {
        handedOver.push(entry.id);
        if (entry.reaction?.kind === 'cancel') wheel.cancel(entries[entry.reaction.id]!);
        else if (entry.reaction !== undefined) {
          wheel.schedule(entries[entry.reaction.id]!, now + entry.reaction.afterMs);
        }
      };
      // In as many calls as it takes, each as long as it may.
      let pieces = 0;
      while (!wheel.advance(now, due, () => ++pieces % (each.atOnce + 1) !== 0));
      naive.advance(now, (candidates) => {
        const next = handedOver.shift();
        if (next === undefined || !candidates.has(next)) {
          throw new Error(`at ${now}: handed over ${next}, due are ${[...candidates].join(', ')}`);
        }
        return next;
      });
      if (handedOver.length > 0) throw new Error(`at ${now}: ${handedOver.join(', ')} were not due`);
    }
  }
}

describe('TimingWheel', () => {
  it('hands over what a plain list would, tick by tick, whatever is scheduled and cancelled meanwhile', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), fc.nat({ max: 30_000 }), (steps, start) =>
        run(steps, start),
      ),
      { numRuns: 2_000 },
    );
  });

  it('keeps an entry for the right turn of the wheel', () => {
    const wheel = new TimingWheel<Entry>(0);
    const entry = new Entry(0);
    const due: number[] = [];
    wheel.schedule(entry, 3 * TURN_MS + 70);
    for (let now = 10; now <= 4 * TURN_MS; now += 10) wheel.advance(now, () => due.push(now));
    expect(due).toEqual([3 * TURN_MS + 70]);
  });

  it('makes an entry due at the first tick at or after its time, never before, and never in the current tick', () => {
    const wheel = new TimingWheel<Entry>(0);
    const due: number[] = [];
    wheel.schedule(new Entry(0), 20.5);
    wheel.schedule(new Entry(1), 0);
    for (let now = 0; now <= 40; now++) wheel.advance(now, (entry) => due.push(entry.id, now));
    expect(due).toEqual([1, 10, 0, 30]);
  });

  it('goes on after somebody who was called has thrown', () => {
    const wheel = new TimingWheel<Entry>(0);
    const due: number[] = [];
    for (let number = 0; number < 4; number++) wheel.schedule(new Entry(number), 10);
    let calls = 0;
    const faulty = (entry: Entry): void => {
      due.push(entry.id);
      if (++calls === 2) throw new Error('faulty');
    };
    expect(() => wheel.advance(10, faulty)).toThrow('faulty');
    wheel.advance(20, faulty);
    expect(due.sort()).toEqual([0, 1, 2, 3]);
  });

  it('makes due what is cancelled and scheduled between two calls as if it had not been handed over halfway', () => {
    const wheel = new TimingWheel<Entry>(0);
    const entries = Array.from({ length: 4 }, (_, number) => new Entry(number));
    for (const entry of entries) wheel.schedule(entry, 10);
    const due: number[] = [];
    let budget = 1;
    const advance = (now: number): boolean =>
      wheel.advance(
        now,
        ({ id: number }) => due.push(number),
        () => budget-- > 0,
      );
    expect(advance(30)).toBe(false);
    const [one, other] = entries.filter((entry) => entry.id !== due[0]);
    wheel.cancel(one!);
    wheel.schedule(other!, 40);
    budget = Infinity;
    expect(advance(30)).toBe(true);
    expect(due).toHaveLength(2);
    expect(due).not.toContain(one!.id);
    expect(advance(40)).toBe(true);
    expect(due.at(-1)).toBe(other!.id);
  });
});
