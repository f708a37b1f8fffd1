import type { FleetStore } from './fleet.store.js';

/** The time that a call may take, in beats, and at most in milliseconds: an app that closes waits for it. */
const PATIENCE_BEATS = 0.4;
const MAX_PATIENCE_MS = 2_000;
/** A store that did not answer in time. */
export class FleetStoreTimeout extends Error {
  override readonly name = 'FleetStoreTimeout';
  readonly code = 'FLEET_STORE_TIMEOUT';
}

/**
 * Calls a store, which is the app's own and may throw, hang or be away (R11): no call is waited for longer than a part of
 * a beat, and no more than a few are ever under way.
 */
export class BoundedStore {
  /** Whether no call is begun any more. */
  isStopped = false;
  private unanswered = 0;
  readonly patienceMs: number;

  /**
   * @param maxUnanswered calls without an answer after which no other one is begun: a client may keep them all for the day
   *   on which its server is back
   */
  constructor(
    private readonly store: FleetStore,
    private readonly maxUnanswered: number,
  ) {
    this.patienceMs = Math.min(PATIENCE_BEATS * store.beatMs, MAX_PATIENCE_MS);
  }

  get name(): string {
    return this.store.name;
  }

  get beatMs(): number {
    return this.store.beatMs;
  }

  /** @throws whatever the store throws; FleetStoreTimeout when it does not answer */
  async call<Result>(work: (store: FleetStore) => Promise<Result>): Promise<Result> {
    if (this.isStopped) throw new FleetStoreTimeout('this node is leaving');
    if (this.unanswered >= this.maxUnanswered)
      throw new FleetStoreTimeout(`${this.unanswered} calls have not been answered yet`);
    this.unanswered++;
    const running = Promise.resolve()
      .then(() => work(this.store))
      .finally(() => this.unanswered--);
    return this.within(running);
  }

  private within<Result>(running: Promise<Result>): Promise<Result> {
    return new Promise((resolve, reject) => {
      const expire = (): void => reject(new FleetStoreTimeout(`no answer within ${this.patienceMs} ms`));
      // Where this process stood still, the answer waits in the kernel: it is read before the check phase (R2).
      const timer = setTimeout(() => setImmediate(() => setImmediate(expire)), this.patienceMs);
      timer.unref();
      running.then(resolve, reject).finally(() => clearTimeout(timer));
    });
  }
}
