import type { Clock } from '../clock/clock.js';
import type { Connection } from '../connection/connection.js';
import type { ConnectionEnd, ConnectionFollower } from '../connection/connection.follower.js';
import { RecentCounts } from './recent.counts.js';

/** No code of the system's is written in small letters. */
const ENDED = 'ended';
/** There are a few dozen codes, but an app can destroy a socket with any. */
const MAX_CODES = 16;

/** How the connections of the last ten minutes that we did not close ourselves have ended. */
export interface RecentFailures {
  readonly ended: number;
  /** By the code of the system, the most frequent first. */
  readonly byCode: readonly (readonly [code: string, count: number])[];
  /** By minute, oldest first. */
  readonly endedPerMinute: readonly number[];
  readonly failedPerMinute: readonly number[];
}

/** Remembers which TCP connections have failed. */
export class FailureJournal implements ConnectionFollower {
  private readonly counts = new RecentCounts();
  private readonly codes = new Set<string>();

  constructor(private readonly clock: Clock) {}

  closed({ closing }: Connection, { errorCode }: ConnectionEnd): void {
    // What we close may well fail on its way: it was gone before.
    if (closing !== undefined) return;
    const now = this.clock.monotonic();
    this.counts.add(ENDED, now);
    if (errorCode !== undefined) this.counts.add(this.known(errorCode), now);
  }

  recent(): RecentFailures {
    const now = this.clock.monotonic();
    const codes = [...this.codes];
    return {
      ended: this.counts.total(ENDED, now),
      byCode: codes
        .map((code) => [code, this.counts.total(code, now)] as const)
        .filter(([, count]) => count > 0)
        .sort(([, one], [, other]) => other - one),
      endedPerMinute: this.counts.perMinute([ENDED], now),
      failedPerMinute: this.counts.perMinute(codes, now),
    };
  }

  private known(errorCode: string): string {
    const code = this.codes.has(errorCode) || this.codes.size < MAX_CODES - 1 ? errorCode : 'OTHER';
    this.codes.add(code);
    return code;
  }
}
