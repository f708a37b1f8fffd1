import type { Finding } from '../lifecycle/lifecycle.events.js';
import { boundedText } from '../connection/bounded.text.js';

/** Where findings stand until they are right again. */
export interface FindingsPlace {
  raise(finding: Finding): void;
  clear(signal: Finding['signal']): void;
}

const MAX_ERROR = 200;
/** Attempts in a row after which it is told: one may be a client that still connects, or a server that saves. */
const TOLD_FROM = 2;

/** Whether the store answers: told once when it ceases to, and once when it does again in all that is attempted. */
export class StoreHealth {
  private readonly failures = new Map<string, number>();

  constructor(
    private readonly store: string,
    private readonly board: FindingsPlace,
  ) {}

  /** Whether the last attempt at something failed. */
  get isAway(): boolean {
    return this.failures.size > 0;
  }

  /** @param what was attempted: each is counted by itself */
  failed(what: string, error: unknown): void {
    const failures = (this.failures.get(what) ?? 0) + 1;
    this.failures.set(what, failures);
    if (failures < TOLD_FROM) return;
    this.board.raise({
      signal: 'fleet_store_unreachable',
      severity: 'warning',
      message: `the fleet's store (${this.store}) does not answer: ${messageOf(error)}. Connections are not affected; other nodes cannot be seen, and will take this one for lost`,
      next_step:
        'Look at the store and the way to it (redis-cli PING, INFO clients, SLOWLOG GET). Everything is written anew as soon as it answers.',
    });
  }

  answered(what: string): void {
    this.failures.delete(what);
    if (!this.isAway) this.board.clear('fleet_store_unreachable');
  }
}

/** Of whatever was thrown, also where it cannot be read. */
function messageOf(error: unknown): string {
  try {
    return boundedText(String(error instanceof Error ? error.message : error), MAX_ERROR);
  } catch {
    return 'unprintable';
  }
}
