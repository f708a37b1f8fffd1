import type { ClientResume } from '../protocol/messages.js';
import type { LossReason } from './client.events.js';

/** The time without a connection, and what the server is told of it afterwards. */
export class Absence {
  /** Attempts since the last connection. */
  attempts = 0;
  #since: number | undefined;
  #reason: LossReason | undefined;

  /** A connection was lost. */
  begin(reason: LossReason): void {
    this.#since = performance.now();
    this.#reason = reason;
  }

  /** There is a connection again. @returns `undefined` where it is the first */
  end(): ClientResume | undefined {
    const { attempts } = this;
    this.attempts = 0;
    if (this.#since === undefined) return undefined;
    const offlineMs = Math.round(performance.now() - this.#since);
    return { type: 'client_resume', reason: this.#reason, offlineMs, attempts };
  }
}
