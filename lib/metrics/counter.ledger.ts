import { ServerTally } from '../connection/server.tally.js';
import { METRICS_CATALOGUE } from './metrics.catalogue.js';
import type { MetricSample } from './metrics.instruments.js';
import { UNWATCHED } from './metrics.labels.js';

const OPENED = 'ws_connections_opened_total';
const CLOSED = 'ws_connections_closed_total';

/** The counters that follow a tally: its totals by the value of their second label, or by nothing where they have none. */
const TOTALS = {
  [OPENED]: ({ opened }) => ({ '': opened }),
  [CLOSED]: ({ closed }) => ({ ...closed, [UNWATCHED]: 0 }),
  ws_heartbeat_timeouts_total: ({ closed }) => ({ '': closed.timeout }),
  ws_stale_connections_swept_total: ({ closed }) => ({ '': closed.stale_sweep }),
  ws_connections_spared_total: ({ spared }) => spared,
  ws_ghost_connections_total: ({ ghosts }) => ghosts,
  ws_heartbeats_sent_total: ({ heartbeatsSent }) => ({ '': heartbeatsSent }),
} as const satisfies Partial<
  Record<keyof typeof METRICS_CATALOGUE, (tally: ServerTally) => Readonly<Record<string, number>>>
>;

/** A counter that follows a tally. */
export type TallyCounter = keyof typeof TOTALS;

export const TALLY_COUNTERS = Object.keys(TOTALS) as TallyCounter[];

const NOTHING = new ServerTally();

interface Series {
  readonly labels: Readonly<Record<string, string>>;
  /** The total when it was last looked at. */
  seen: number;
  /** Gained since it was last taken. */
  gained: number;
}

/**
 * Turns totals into what counters have gained. Totals may go down: a server takes another name, or is watched no more
 * and its open connections are forgotten. Counters may not, so that what vanished is counted as an end, and
 * opened − closed = active holds for each gateway whatever happens.
 */
export class CounterLedger {
  private readonly series = new Map<TallyCounter, Map<string, Series>>(
    TALLY_COUNTERS.map((name) => [name, new Map<string, Series>()]),
  );
  /** Opened less closed, as the counters have it, by gateway. */
  private readonly balances = new Map<string, number>();

  /** @param totals what was counted so far, by gateway */
  constructor(private readonly totals: () => ReadonlyMap<string, ServerTally>) {}

  /** What a counter has gained since it was last taken, in every series that is known; nothing gained is a 0. */
  take(name: TallyCounter): MetricSample[] {
    // All counters look at the same moment: one scrape must not show a connection closed that it does not show opened.
    this.look();
    return [...this.series.get(name)!.values()].map((series) => {
      const value = series.gained;
      series.gained = 0;
      return { labels: series.labels, value };
    });
  }

  private look(): void {
    const totals = this.totals();
    for (const gateway of new Set([...this.balances.keys(), ...totals.keys()]))
      this.lookAt(gateway, totals.get(gateway) ?? NOTHING);
  }

  private lookAt(gateway: string, tally: ServerTally): void {
    for (const name of TALLY_COUNTERS) {
      const totals: Readonly<Record<string, number>> = TOTALS[name](tally);
      for (const [value, total] of Object.entries(totals)) {
        const series = this.seriesOf(name, gateway, value);
        this.gain(series, name, gateway, Math.max(0, total - series.seen));
        series.seen = total;
      }
    }
    const surplus = this.balanceOf(gateway) - tally.active;
    if (surplus > 0) this.gain(this.seriesOf(CLOSED, gateway, UNWATCHED), CLOSED, gateway, surplus);
    else this.gain(this.seriesOf(OPENED, gateway, ''), OPENED, gateway, -surplus);
  }

  private gain(series: Series, name: TallyCounter, gateway: string, count: number): void {
    series.gained += count;
    const sign = name === OPENED ? 1 : name === CLOSED ? -1 : 0;
    this.balances.set(gateway, this.balanceOf(gateway) + sign * count);
  }

  private balanceOf(gateway: string): number {
    return this.balances.get(gateway) ?? 0;
  }

  private seriesOf(name: TallyCounter, gateway: string, value: string): Series {
    const known = this.series.get(name)!;
    const key = `${value} ${gateway}`;
    const series = known.get(key) ?? { labels: labelsOf(name, gateway, value), seen: 0, gained: 0 };
    known.set(key, series);
    return series;
  }
}

function labelsOf(name: TallyCounter, gateway: string, value: string): Record<string, string> {
  const label: string | undefined = METRICS_CATALOGUE[name].labels[1];
  return label === undefined ? { gateway } : { gateway, [label]: value };
}
