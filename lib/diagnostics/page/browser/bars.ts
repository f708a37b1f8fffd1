import { make, mark, write } from './dom.js';
import { count, percent } from './words.js';

/** One bar. */
export interface Bar {
  readonly name: string;
  readonly value: number;
  /** A kind that the style sheet knows. */
  readonly tone?: 'alarm' | 'quiet' | 'fine';
}

/** A histogram that is a table: its numbers are its text alternative. */
export class Bars {
  private readonly body = make('tbody');
  private readonly note: HTMLElement;

  constructor(host: Element, title: string, note: string) {
    this.note = make('p', { class: 'note' }, note);
    host.append(
      make('h3', {}, title),
      this.note,
      make('table', { class: 'histogram' }, make('caption', { class: 'hidden' }, title), heads(), this.body),
    );
  }

  /** @param note replaces the one above the bars */
  show(bars: readonly Bar[], note?: string): void {
    const whole = bars.reduce((sum, { value }) => sum + value, 0);
    if (note !== undefined) write(this.note, note);
    for (const [index, bar] of bars.entries()) {
      const row = this.body.rows[index] ?? this.body.appendChild(emptyRow());
      write(row.cells[0]!, bar.name);
      write(row.querySelector('.value')!, count(bar.value));
      write(row.cells[2]!, percent(bar.value, whole));
      mark(row, 'data-tone', bar.tone ?? '');
      const length = whole === 0 ? 0 : (100 * bar.value) / whole;
      // By the object model: a style attribute would be against the page's own policy.
      row.querySelector<HTMLElement>('.bar')!.style.setProperty('--length', `${length}%`);
    }
  }
}

function heads(): HTMLElement {
  const titles = ['Which', 'Connections', 'Share'];
  return make(
    'thead',
    { class: 'hidden' },
    make('tr', {}, ...titles.map((title) => make('th', { scope: 'col' }, title))),
  );
}

function emptyRow(): HTMLTableRowElement {
  const track = make('span', { class: 'track', 'aria-hidden': 'true' }, make('span', { class: 'bar' }));
  return make(
    'tr',
    {},
    make('th', { scope: 'row' }),
    make('td', {}, make('span', { class: 'measure' }, track, make('span', { class: 'value' }))),
    make('td', { class: 'number' }),
  );
}
