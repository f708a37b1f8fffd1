import { VirtualTime } from '../../lib/testing/virtual.time.js';

/** The fault kit's time for parts without sockets: everything happens within the call, and each phase can be run alone. */
export class FakeClock extends VirtualTime {
  override runTimers(): void {
    super.runTimers();
  }

  override poll(): void {
    super.poll();
  }

  /** Time passes and nothing runs: the event loop is blocked. */
  stall(ms: number): void {
    this.at += ms;
  }

  /** Time passes while the event loop runs as it should. */
  advance(ms: number): void {
    const end = this.at + ms;
    while (this.nextDueAt <= end) {
      this.at = Math.max(this.at, this.nextDueAt);
      this.runTimers();
      this.poll();
    }
    this.at = end;
  }
}
