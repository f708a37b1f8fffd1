/** The colours of the style sheet, for what is drawn on a canvas. They change with the viewer's scheme. */
export class Palette {
  private readonly known = new Map<string, string>();

  /** @param changed called when everything must be drawn anew */
  constructor(changed: () => void) {
    for (const feature of [
      '(prefers-color-scheme: dark)',
      '(forced-colors: active)',
      '(prefers-contrast: more)',
    ])
      matchMedia(feature).addEventListener('change', () => {
        this.known.clear();
        changed();
      });
  }

  /** @param name a custom property without its dashes */
  colour(name: string): string {
    let value = this.known.get(name);
    if (value === undefined) {
      value = getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
      this.known.set(name, value);
    }
    return value;
  }
}
