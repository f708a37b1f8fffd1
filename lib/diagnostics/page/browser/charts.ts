import { byId } from './dom.js';
import { Chart, type ChartOptions } from './chart.js';
import { BUCKET_MS, flowsOf } from './flows.js';
import type { Palette } from './palette.js';
import type { Range, Series } from './sample.store.js';
import uPlot from './uplot.js';
import { count, keysOf, latency, REASON_NAMES, time } from './words.js';

const WHOLE = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 2e4, 5e4, 1e5, 2e5, 5e5, 1e6];
const COMPACT = new Intl.NumberFormat('en', { notation: 'compact' });
const compact = (value: number): string => COMPACT.format(Math.abs(value));
const ignoreNothing = (value: number | undefined): number | null => value ?? null;

const REASONS = keysOf(REASON_NAMES);

/** The three charts: what came and went, who is there, how quickly they answer. */
export class Charts {
  private readonly flow: Chart;
  private readonly active: Chart;
  private readonly answers: Chart;
  private range: Range = 'hour';

  constructor(palette: Palette) {
    this.flow = new Chart(byId('chart-flow'), this.flowOptions(), palette);
    this.active = new Chart(byId('chart-active'), activeOptions(palette), palette);
    this.answers = new Chart(byId('chart-latency'), latencyOptions(), palette);
  }

  show(range: Range, series: Series): void {
    if (range !== this.range) for (const chart of this.all()) chart.turn();
    this.range = range;
    this.showFlow(series);
    const { samples, from, to } = series;
    const at = samples.map((sample) => sample.at);
    const actives = samples.map(({ active }) => active);
    this.active.show({ at, values: [actives, samples.map(({ identities }) => identities)], from, to });
    const p50 = samples.map(({ latencyP50Ms }) => ignoreNothing(latencyP50Ms));
    const p99 = samples.map(({ latencyP99Ms }) => ignoreNothing(latencyP99Ms));
    this.answers.show({ at, values: [p50, p99], from, to });
  }

  repaint(): void {
    for (const chart of this.all()) chart.repaint();
  }

  private all(): Chart[] {
    return [this.flow, this.active, this.answers];
  }

  private showFlow(series: Series): void {
    const { at, opened, closed } = flowsOf(series, this.range);
    // The widest bar is drawn first and the others over it, which makes a stack: below the line, since they leave.
    const sums = at.map(() => 0);
    const stacked = REASONS.map((reason) => closed[reason].map((value, index) => -(sums[index]! += value)));
    const values = [opened, ...REASONS.map((reason) => closed[reason]).toReversed()];
    const width = BUCKET_MS[this.range];
    this.flow.show({
      note: `In each ${width / 60_000 === 1 ? 'minute' : `${width / 60_000} minutes`}: opened above the line, closed below it`,
      at,
      values,
      drawn: [opened, ...stacked.toReversed()],
      from: at[0] ?? series.from,
      to: (at.at(-1) ?? series.to - width) + width,
    });
  }

  private flowOptions(): ChartOptions {
    const bars = uPlot.paths.bars!({ size: [0.82, 48], align: 1 });
    const style = { paths: bars, width: 0 };
    const reasons = REASONS.toReversed();
    return {
      title: 'Opened and closed',
      lines: [
        { name: 'opened', colour: 'opened' },
        ...reasons.map((reason) => ({
          name: REASON_NAMES[reason],
          colour: `reason-${reason.replace('_', '-')}`,
          isOptional: true,
        })),
      ],
      styles: [style, ...reasons.map(() => style)],
      say: count,
      tick: compact,
      least: 4,
      incs: WHOLE,
      when: (at) => `${time(at)}–${time(at + BUCKET_MS[this.range])}`,
    };
  }
}

function activeOptions(palette: Palette): ChartOptions {
  return {
    title: 'Active connections and identities',
    lines: [
      { name: 'active', colour: 'active' },
      { name: 'identities', colour: 'identities', isOptional: true },
    ],
    styles: [{ fill: () => palette.colour('active-fill') }, { dash: [6, 4] }],
    say: count,
    tick: compact,
    least: 4,
    incs: WHOLE,
  };
}

function latencyOptions(): ChartOptions {
  return {
    title: 'Heartbeat latency',
    lines: [
      { name: 'p50', colour: 'p50' },
      { name: 'p99', colour: 'p99' },
    ],
    styles: [{}, { width: 1.5 }],
    say: latency,
    tick: (value) => (value < 1_000 ? `${value} ms` : `${value / 1_000} s`),
    least: 1,
  };
}
