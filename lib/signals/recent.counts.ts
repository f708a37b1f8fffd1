const MINUTE_MS = 60_000;
/** So many minutes are remembered, the one under way included. */
const MINUTES = 10;

interface Minute {
  number: number;
  readonly counts: Map<string, number>;
}

/** What happened in the last ten minutes, counted by kind and minute in bounded memory. Kinds are few: the caller sees to it. */
export class RecentCounts {
  private readonly minutes: Minute[] = Array.from({ length: MINUTES }, () => ({
    number: -1,
    counts: new Map(),
  }));

  /** @param nowMs monotonic */
  add(kind: string, nowMs: number): void {
    const number = Math.floor(nowMs / MINUTE_MS);
    const minute = this.minutes[number % MINUTES]!;
    if (minute.number !== number) {
      minute.number = number;
      minute.counts.clear();
    }
    minute.counts.set(kind, (minute.counts.get(kind) ?? 0) + 1);
  }

  /** How often it happened in each minute, oldest first. */
  perMinute(kinds: readonly string[], nowMs: number): number[] {
    return this.minutesAt(nowMs).map((counts) =>
      kinds.reduce((sum, kind) => sum + (counts?.get(kind) ?? 0), 0),
    );
  }

  /** How often it happened in all of them. */
  total(kind: string, nowMs: number): number {
    return sumOf(this.perMinute([kind], nowMs));
  }

  private minutesAt(nowMs: number): (ReadonlyMap<string, number> | undefined)[] {
    const last = Math.floor(nowMs / MINUTE_MS);
    return Array.from({ length: MINUTES }, (_, index) => {
      const number = last - MINUTES + 1 + index;
      const minute = number < 0 ? undefined : this.minutes[number % MINUTES];
      return minute?.number === number ? minute.counts : undefined;
    });
  }
}

/** A count of ten minutes as a rate. */
export function perHour(count: number): number {
  return (count * 60) / MINUTES;
}

export function sumOf(counts: readonly number[]): number {
  return counts.reduce((sum, count) => sum + count, 0);
}

/**
 * The minutes, by index, outside the worst run of so many: what one outage, a proxy's restart for example, has done is
 * over when it is over. What goes on shows in the other minutes as well.
 */
export function minutesOutsideBurst(perMinute: readonly number[], burstMinutes: number): number[] {
  const sumFrom = (start: number): number => sumOf(perMinute.slice(start, start + burstMinutes));
  let worst = 0;
  for (let start = 1; start + burstMinutes <= perMinute.length; start++)
    if (sumFrom(start) > sumFrom(worst)) worst = start;
  return [...perMinute.keys()].filter((index) => index < worst || index >= worst + burstMinutes);
}
