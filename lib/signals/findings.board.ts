import type { LifecycleBus } from '../lifecycle/lifecycle.bus.js';
import type { Finding, FindingSignal } from '../lifecycle/lifecycle.events.js';

interface Standing {
  readonly finding: Finding;
  /** Looks in a row at which it was not found any more. */
  calmLooks: number;
}

/** What is wrong at present, each with its numbers and the next step. Raised and cleared once, however often noticed. */
export class FindingsBoard {
  private readonly raised = new Map<FindingSignal, Standing>();

  constructor(private readonly bus: LifecycleBus) {}

  /** The findings that stand, the worst first. */
  list(): Finding[] {
    return [...this.raised.values()]
      .map(({ finding }) => finding)
      .sort((one, other) => rank(one) - rank(other));
  }

  /** Whether a finding stands: what is above the limit for one may be below for the other (hysteresis). */
  stands(signal: FindingSignal): boolean {
    return this.raised.has(signal);
  }

  /**
   * Something is wrong, or still is: its numbers are brought up to date. Told again only where it has become worse; it
   * becomes no better before it is right again, so that what hovers between two severities does not flap.
   */
  raise(found: Finding): void {
    const before = this.raised.get(found.signal)?.finding;
    const isWorse = before === undefined || rank(found) < rank(before);
    const finding = isWorse ? found : { ...found, severity: before.severity };
    this.raised.set(found.signal, { finding, calmLooks: 0 });
    if (isWorse) this.bus.publish('finding_raised', () => ({ finding }));
  }

  /** It is right again. */
  clear(signal: FindingSignal): void {
    const standing = this.raised.get(signal);
    if (standing === undefined) return;
    this.raised.delete(signal);
    this.bus.publish('finding_cleared', () => ({ finding: standing.finding }));
  }

  /**
   * The result of one look.
   *
   * @param finding `undefined` where nothing is wrong
   * @param calmLooks looks in a row at which nothing may be wrong before it is right again
   */
  settle(signal: FindingSignal, finding: Finding | undefined, calmLooks: number): void {
    if (finding !== undefined) {
      this.raise(finding);
      return;
    }
    const standing = this.raised.get(signal);
    if (standing !== undefined && ++standing.calmLooks >= calmLooks) this.clear(signal);
  }
}

function rank({ severity }: Finding): number {
  return ['critical', 'warning', 'info'].indexOf(severity);
}
