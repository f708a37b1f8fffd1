import type { Finding } from '../lifecycle/lifecycle.events.js';
import { boundedText } from '../connection/bounded.text.js';

/** Where findings stand until they are right again. */
export interface FindingsPlace {
  raise(finding: Finding): void;
  clear(signal: Finding['signal']): void;
}

const MAX_ERROR = 200;

/** Whether the store answers: told once when it ceases to, and once when it does again. */
export class StoreHealth {
  /** Whether the last call failed. */
  isAway = false;

  constructor(
    private readonly store: string,
    private readonly board: FindingsPlace,
  ) {}

  failed(error: unknown): void {
    this.isAway = true;
    this.board.raise({
      signal: 'fleet_store_unreachable',
      severity: 'warning',
      message: `the fleet's store (${this.store}) does not answer: ${messageOf(error)}. Connections are not affected; other nodes cannot be seen, and will take this one for lost`,
      next_step:
        'Look at the store and the way to it (redis-cli PING, INFO clients, SLOWLOG GET). Everything is written anew as soon as it answers.',
    });
  }

  answered(): void {
    this.isAway = false;
    this.board.clear('fleet_store_unreachable');
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
