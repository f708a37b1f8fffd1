import { make, write } from './dom.js';

/** A column of a table. */
export interface Column<Row> {
  readonly title: string;
  readonly text: (row: Row) => string;
  /** Numbers stand to the right, short words stay whole, and long texts get the room that is left. @default 'word' */
  readonly kind?: 'number' | 'short' | 'word' | 'long';
}

/** A table whose cells are written anew and not made anew, so that once a second costs next to nothing. */
export class Table<Row> {
  readonly element: HTMLTableElement;
  private readonly body = make('tbody', { role: 'rowgroup' });

  constructor(
    caption: string,
    private readonly columns: readonly Column<Row>[],
    className = '',
  ) {
    // Roles are said aloud since narrow screens lay rows out as cards, and a table that is no `display: table` loses its own.
    const heads = columns.map((column) =>
      make('th', { scope: 'col', role: 'columnheader', class: column.kind ?? 'word' }, column.title),
    );
    this.element = make(
      'table',
      { role: 'table', class: className },
      make('caption', { class: 'hidden' }, caption),
      make('thead', { role: 'rowgroup' }, make('tr', { role: 'row' }, ...heads)),
      this.body,
    );
  }

  show(rows: readonly Row[]): void {
    while (this.body.rows.length > rows.length) this.body.deleteRow(-1);
    for (const [index, row] of rows.entries()) {
      const line = this.body.rows[index] ?? this.body.appendChild(this.emptyRow());
      for (const [at, { text }] of this.columns.entries()) write(line.cells[at]!, text(row));
    }
  }

  private emptyRow(): HTMLTableRowElement {
    const cells = this.columns.map((column, index) => {
      const attributes = { 'data-title': column.title, class: column.kind ?? 'word' };
      return index === 0
        ? make('th', { ...attributes, scope: 'row', role: 'rowheader' })
        : make('td', { ...attributes, role: 'cell' });
    });
    return make('tr', { role: 'row' }, ...cells);
  }
}
