import type { HistorySample } from '../../../connection/connection.history.js';
import type { PageData } from '../../page.data.js';

/** The span that the charts show. */
export type Range = 'hour' | 'day';

const HOUR = 3_600_000;
export const RANGE_MS: Readonly<Record<Range, number>> = { hour: HOUR, day: 24 * HOUR };

/** What a range shows at least, so that a process that has just started does not fill a chart with two points. */
const LEAST_MS: Readonly<Record<Range, number>> = { hour: 10 * 60_000, day: HOUR };

/** Samples with the span to show them in. Times are milliseconds since the Unix epoch. */
export interface Series {
  readonly samples: readonly HistorySample[];
  readonly from: number;
  readonly to: number;
}

/** The history, kept up by asking only for what is new. */
export class SampleStore {
  private lastHour: HistorySample[] = [];
  private lastDay: HistorySample[] = [];
  private now: HistorySample | undefined;
  private process: string | undefined;

  /** The newest sample there is: older ones need not be sent again. */
  get since(): number {
    return Math.max(0, this.lastHour.at(-1)?.at ?? 0, this.lastDay.at(-1)?.at ?? 0);
  }

  /** @returns false when this is not the continuation of what is here: it must be asked for again from the beginning */
  add(data: PageData): boolean {
    // Another process has counts of its own, and a clock that was set back has two samples for one time.
    const isContinued = this.process === data.process && data.at >= this.since - 60_000;
    if (!isContinued && this.since > 0) {
      this.clear();
      return false;
    }
    this.process = data.process;
    this.now = data.now;
    this.lastHour = merge(this.lastHour, data.lastHour, data.at - RANGE_MS.hour);
    this.lastDay = merge(this.lastDay, data.lastDay, data.at - RANGE_MS.day);
    return true;
  }

  series(range: Range): Series {
    const { now } = this;
    if (now === undefined) return { samples: [], from: 0, to: 0 };
    const past = range === 'hour' ? this.lastHour : this.wholeDay();
    const samples = [...past.filter(({ at }) => at < now.at), now];
    const from = Math.max(now.at - RANGE_MS[range], Math.min(samples[0]!.at, now.at - LEAST_MS[range]));
    return { samples, from, to: now.at };
  }

  /** The coarser record, once it says more than the finer one: of a process that has just started, it says nothing yet. */
  private wholeDay(): HistorySample[] {
    const [coarse] = this.lastDay;
    const [fine] = this.lastHour;
    return coarse !== undefined && fine !== undefined && coarse.at < fine.at ? this.lastDay : this.lastHour;
  }

  private clear(): void {
    this.lastHour = [];
    this.lastDay = [];
    this.now = undefined;
    this.process = undefined;
  }
}

function merge(known: HistorySample[], news: readonly HistorySample[], from: number): HistorySample[] {
  const newest = known.at(-1)?.at ?? -Infinity;
  return [...known, ...news.filter(({ at }) => at > newest)].filter(({ at }) => at >= from);
}
