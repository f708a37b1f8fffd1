import type { LifecycleBus } from '../lifecycle/lifecycle.bus.js';
import type { Finding, FindingSignal } from '../lifecycle/lifecycle.events.js';

/** What is wrong at present, each with its numbers and the next step. Raised and cleared once, however often noticed. */
export class FindingsBoard {
  private readonly raised = new Map<FindingSignal, Finding>();

  constructor(private readonly bus: LifecycleBus) {}

  /** The findings that stand, the worst first. */
  list(): Finding[] {
    return [...this.raised.values()].sort((one, other) => rank(one) - rank(other));
  }

  /** Something is wrong, or still is: its numbers are brought up to date. */
  raise(finding: Finding): void {
    const isNew = !this.raised.has(finding.signal);
    this.raised.set(finding.signal, finding);
    if (isNew) this.bus.publish('finding_raised', () => ({ finding }));
  }

  /** It is right again. */
  clear(signal: FindingSignal): void {
    const finding = this.raised.get(signal);
    if (finding === undefined) return;
    this.raised.delete(signal);
    this.bus.publish('finding_cleared', () => ({ finding }));
  }
}

function rank({ severity }: Finding): number {
  return ['critical', 'warning', 'info'].indexOf(severity);
}
