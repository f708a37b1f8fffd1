import type { AwakeTime } from '../clock/awake.clock.js';

/** What a wheel needs of its entries: it links them into its slots, so that no slot holds memory of its own. */
export interface WheelEntry<Entry> {
  /** The tick it is due at; negative while it is in no wheel. Written by the wheel alone. */
  dueTick: number;
  previousDue: Entry | undefined;
  nextDue: Entry | undefined;
}

const IN_NO_WHEEL = -1;
const BEING_HANDED_OVER = -2;

/** What the wheel can tell apart; finer than any tick that it is advanced with. */
const TICK_MS = 10;

/** Ticks in one turn of the wheel, some 40 s; an entry due later waits in its slot for a later turn. */
const SLOTS = 4096;

/**
 * One schedule for any number of entries, each due at one time at most (a hashed timing wheel: Varghese and Lauck 1987,
 * scheme 6). Scheduling and cancelling take constant time; a tick touches its own slot only.
 */
export class TimingWheel<Entry extends WheelEntry<Entry>> {
  private readonly slots: (Entry | undefined)[] = new Array<undefined>(SLOTS).fill(undefined);
  /** What is due at the current tick, and how many of it were handed over. */
  private readonly dueNow: Entry[] = [];
  private handedOver = 0;
  private tick: number;

  constructor(now: AwakeTime) {
    this.tick = Math.floor(now / TICK_MS);
  }

  /** Makes an entry due at the first tick at or after `at`, and at no other time. */
  schedule(entry: Entry, at: AwakeTime): void {
    this.cancel(entry);
    entry.dueTick = Math.max(Math.ceil(at / TICK_MS), this.tick + 1);
    const slot = entry.dueTick % SLOTS;
    const first = this.slots[slot];
    entry.nextDue = first;
    if (first !== undefined) first.previousDue = entry;
    this.slots[slot] = entry;
  }

  /** Makes an entry due never. */
  cancel(entry: Entry): void {
    if (entry.dueTick >= 0) this.unlink(entry);
    entry.dueTick = IN_NO_WHEEL;
  }

  /**
   * Hands over every entry that has become due. Whoever is called may schedule and cancel any entry, those that are
   * due at the same tick included.
   *
   * @param mayGoOn asked before each entry; where it says no, the next call begins there
   * @returns whether everything was handed over
   */
  advance(now: AwakeTime, due: (entry: Entry) => void, mayGoOn: () => boolean = always): boolean {
    const target = Math.floor(now / TICK_MS);
    while (this.handOver(due, mayGoOn)) {
      if (this.tick >= target) return true;
      this.tick++;
      this.collect(this.tick);
    }
    return false;
  }

  private handOver(due: (entry: Entry) => void, mayGoOn: () => boolean): boolean {
    while (this.handedOver < this.dueNow.length) {
      const entry = this.dueNow[this.handedOver]!;
      if (entry.dueTick === BEING_HANDED_OVER) {
        if (!mayGoOn()) return false;
        entry.dueTick = IN_NO_WHEEL;
        this.handedOver++;
        due(entry);
      } else this.handedOver++;
    }
    this.dueNow.length = 0;
    this.handedOver = 0;
    return true;
  }

  private collect(tick: number): void {
    let entry = this.slots[tick % SLOTS];
    while (entry !== undefined) {
      const next = entry.nextDue;
      if (entry.dueTick <= tick) {
        this.unlink(entry);
        entry.dueTick = BEING_HANDED_OVER;
        this.dueNow.push(entry);
      }
      entry = next;
    }
  }

  private unlink(entry: Entry): void {
    const { previousDue, nextDue } = entry;
    if (previousDue === undefined) this.slots[entry.dueTick % SLOTS] = nextDue;
    else previousDue.nextDue = nextDue;
    if (nextDue !== undefined) nextDue.previousDue = previousDue;
    entry.previousDue = undefined;
    entry.nextDue = undefined;
  }
}

function always(): boolean {
  return true;
}
