import { make, write } from './dom.js';

/** A series of a chart, as its legend and its table name it. */
export interface Line {
  readonly name: string;
  /** A colour of the palette. */
  readonly colour: string;
  /** Left out of legend and table while there is nothing of it. */
  readonly isOptional?: boolean;
}

/** Names, colours and values of the series: those of the moment, or those under the pointer. */
export class Legend {
  readonly element = make('ul', { class: 'legend' });
  private readonly when = make('li', { class: 'when' });
  private readonly items: { readonly item: HTMLElement; readonly value: HTMLElement }[];

  constructor(lines: readonly Line[]) {
    this.items = lines.map(({ name, colour }) => {
      const value = make('span', { class: 'value' });
      const swatch = make('span', { class: `swatch swatch-${colour}` });
      return { item: make('li', {}, swatch, name, ' ', value), value };
    });
    this.element.append(...this.items.map(({ item }) => item), this.when);
  }

  /** @param values one per series; `undefined` hides it */
  show(values: readonly (string | undefined)[], when: string): void {
    for (const [index, { item, value }] of this.items.entries()) {
      item.hidden = values[index] === undefined;
      write(value, values[index] ?? '');
    }
    write(this.when, when);
  }
}
