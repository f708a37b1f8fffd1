import type { LifecycleBus } from '../lifecycle/lifecycle.bus.js';

/** Counts and reports the times in which this process could not hear its peers (R2). */
export class StallGuard {
  /** Stalls so far. */
  stalls = 0;

  /**
   * @param reportFromMs shorter credits are given without a word: a busy loop is late now and then
   */
  constructor(
    private readonly bus: LifecycleBus,
    public reportFromMs: number,
  ) {}

  /** Time was credited to every deadline. */
  credited(creditMs: number): void {
    if (creditMs < this.reportFromMs) return;
    this.stalls++;
    this.bus.publish('stalled', () => ({ stalledMs: Math.round(creditMs) }));
  }
}
