import { make, mark, write } from './dom.js';
import { Legend, type Line } from './legend.js';
import type { Palette } from './palette.js';
import { Table } from './table.js';
import uPlot from './uplot.js';
import { time } from './words.js';

type Values = readonly (number | null)[];

/** What a chart draws. */
export interface ChartData {
  /** Milliseconds since the Unix epoch. */
  readonly at: readonly number[];
  /** One array per line: what is said. */
  readonly values: readonly Values[];
  /** Where that is not what is drawn, as with stacked bars. @default values */
  readonly drawn?: readonly Values[];
  readonly from: number;
  readonly to: number;
  /** What is to be known of it beside its title. */
  readonly note?: string;
}

export interface ChartOptions {
  readonly title: string;
  readonly lines: readonly Line[];
  /** How a series is drawn, beside its colour. One per line. */
  readonly styles: readonly Partial<uPlot.Series>[];
  readonly say: (value: number) => string;
  /** Of the axis. @default say */
  readonly tick?: (value: number) => string;
  /** Upper limit of an empty chart. */
  readonly least: number;
  readonly incs?: number[];
  /** What the hidden table says of a row's time. */
  readonly when?: (at: number) => string;
}

const HEIGHT = 210;
/** Rows of the table that stands for the drawing. */
const ROWS = 12;
const TABLE_EVERY_MS = 10_000;

/** A chart with its legend, and a table for who does not see it. Made once, fed with data from then on. */
export class Chart {
  private readonly legend: Legend;
  private readonly table: Table<number>;
  private readonly note = make('p', { class: 'note' });
  private readonly plot: uPlot;
  private readonly frame = make('div', { class: 'plot', 'aria-hidden': 'true' });
  private data: ChartData = { at: [], values: [], from: 0, to: 1 };
  private tableAt = -Infinity;

  constructor(
    host: Element,
    private readonly options: ChartOptions,
    private readonly palette: Palette,
  ) {
    const { title, lines } = options;
    this.legend = new Legend(lines);
    this.table = new Table<number>(title, [
      { title: 'Time', text: (row) => (options.when ?? time)(this.data.at[row]!) },
      ...lines.map(({ name }, line) => ({ title: name, text: (row: number) => this.valueText(line, row) })),
    ]);
    host.append(make('figcaption', {}, make('h3', {}, title), this.note), this.legend.element, this.frame);
    host.append(make('div', { class: 'hidden' }, this.table.element));
    this.plot = new uPlot(this.plotOptions(), [[], ...lines.map(() => [])], this.frame);
    new ResizeObserver(() => this.fit()).observe(this.frame);
  }

  show(data: ChartData): void {
    this.data = data;
    this.plot.setData([data.at, ...(data.drawn ?? data.values)] as uPlot.AlignedData);
    this.point(this.plot.cursor.idx);
    write(this.note, data.note ?? '');
    if (performance.now() - this.tableAt < TABLE_EVERY_MS) return;
    this.tableAt = performance.now();
    this.table.show(this.rows());
  }

  /** The table is written anew at the next data: the range is another. */
  turn(): void {
    this.tableAt = -Infinity;
  }

  /** Colours have changed. */
  repaint(): void {
    // With their paths: bars keep their colour in them.
    this.plot.redraw(true, true);
  }

  private fit(): void {
    const width = Math.floor(this.frame.clientWidth);
    if (width > 0 && width !== this.plot.width) this.plot.setSize({ width, height: HEIGHT });
  }

  private point(index: number | null | undefined): void {
    const last = this.data.at.length - 1;
    const row = index ?? last;
    const texts = this.options.lines.map(({ isOptional }, line) =>
      isOptional && !this.data.values[line]?.some(Boolean) ? undefined : this.valueText(line, row),
    );
    const at = this.data.at[row];
    this.legend.show(texts, index === null || index === undefined || at === undefined ? '' : this.timeOf(at));
    mark(
      this.frame,
      'data-empty',
      String(!this.data.values.some((values) => values.some((value) => value !== null))),
    );
  }

  private timeOf(at: number): string {
    return (this.options.when ?? time)(at);
  }

  private valueText(line: number, row: number): string {
    const value = this.data.values[line]?.[row];
    return value === undefined || value === null ? '–' : this.options.say(value);
  }

  /** Evenly spread, the newest first. */
  private rows(): number[] {
    const { length } = this.data.at;
    const step = Math.max(1, Math.ceil(length / ROWS));
    const rows = [];
    for (let row = length - 1; row >= 0; row -= step) rows.push(row);
    return rows;
  }

  private plotOptions(): uPlot.Options {
    const { styles, lines, options } = { ...this.options, options: this.options };
    const colour = (name: string) => () => this.palette.colour(name);
    const axis = { stroke: colour('muted'), font: '12px system-ui, sans-serif', ticks: { show: false } };
    const { say, tick = say, incs, least } = options;
    return {
      width: Math.max(1, Math.floor(this.frame.clientWidth)),
      height: HEIGHT,
      ms: 1,
      legend: { show: false },
      cursor: { y: false, drag: { x: false, y: false, setScale: false }, points: { show: false } },
      padding: [8, 22, 0, 0],
      scales: {
        x: { range: () => [this.data.from, this.data.to] },
        y: { range: (_plot, low, high) => [Math.min(0, low ?? 0), Math.max(least, high ?? 0) * 1.05] },
      },
      axes: [
        {
          ...axis,
          grid: { show: false },
          space: 70,
          size: 32,
          gap: 8,
          values: (_plot, splits) => splits.map(time),
        },
        {
          ...axis,
          grid: { stroke: colour('line'), width: 1 },
          size: 52,
          space: 36,
          ...(incs === undefined ? {} : { incs }),
          values: (_plot, splits) => splits.map((value) => tick(value)),
        },
      ],
      series: [
        {},
        ...styles.map((style, index) => ({
          stroke: colour(lines[index]!.colour),
          // Only bars are filled with it: they have no outline.
          ...(style.width === 0 ? { fill: colour(lines[index]!.colour) } : {}),
          width: 2,
          points: { show: false },
          ...style,
        })),
      ],
      hooks: { setCursor: [(plot) => this.point(plot.cursor.idx)] },
    };
  }
}
