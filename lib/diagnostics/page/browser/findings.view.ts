import type { Finding } from '../../../lifecycle/lifecycle.events.js';
import { byId, make } from './dom.js';

/** What is wrong, in words, with the next step. */
export class FindingsView {
  private readonly list = byId('findings');
  private shown = '';

  show(findings: readonly Finding[]): void {
    const now = JSON.stringify(findings);
    if (now === this.shown) return;
    this.shown = now;
    const items = findings.map(itemOf);
    const none = make('li', { class: 'none' }, 'Nothing is wrong at present.');
    this.list.replaceChildren(...(items.length === 0 ? [none] : items));
  }
}

function itemOf({ severity, signal, message, next_step: nextStep }: Finding): HTMLElement {
  return make(
    'li',
    { class: 'panel finding', 'data-severity': severity },
    make(
      'p',
      { class: 'finding-head' },
      make('strong', { class: 'severity' }, severity),
      make('code', {}, signal),
    ),
    make('p', { class: 'finding-message' }, sentence(message)),
    ...stepsOf(nextStep),
  );
}

/** Several sentences are several steps, in the order in which to take them. */
function stepsOf(text: string): HTMLElement[] {
  const steps = sentence(text).split(/(?<=\.) (?=[A-Z])/);
  const head = make('strong', {}, steps.length === 1 ? 'Next step:' : 'Next steps:');
  if (steps.length === 1) return [make('p', { class: 'finding-step' }, head, ' ', steps[0]!)];
  const items = steps.map((step) => make('li', {}, step));
  return [make('p', { class: 'finding-step' }, head), make('ol', { class: 'steps' }, ...items)];
}

/** Findings are written for log lines, which begin small and end without a stop. */
function sentence(text: string): string {
  const begun = text.slice(0, 1).toUpperCase() + text.slice(1);
  return /[.!?…]$/.test(begun) ? begun : `${begun}.`;
}
