/** The element of an id. @throws where the page has none */
export function byId<Kind extends Element = HTMLElement>(id: string): Kind {
  const element = document.querySelector<Kind>(`#${id}`);
  if (element === null) throw new Error(`the page has no #${id}`);
  return element;
}

/**
 * Makes an element. Text only ever becomes a text node: what clients call themselves is shown and never read as markup.
 */
export function make<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Readonly<Record<string, string>> = {},
  ...children: readonly (Node | string)[]
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** Writes a text if it is another: what is the same must not disturb a selection or a screen reader. */
export function write(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

/** The same for an attribute. */
export function mark(element: Element, name: string, value: string): void {
  if (element.getAttribute(name) !== value) element.setAttribute(name, value);
}
