import type { FleetSize } from '../fleet/fleet.answers.js';
import type { Finding } from '../lifecycle/lifecycle.events.js';

/** What health checks ask. */
export interface VitalsSource {
  /** Connections that are not closed. */
  readonly connectionCount: number;
  /** Whether everybody is being sent away, or was. */
  readonly isDraining: boolean;
  /** What is wrong at present, the worst first. */
  findings(): readonly Finding[];
  /** All nodes that share a store, this process included. */
  fleet(): FleetSize;
  /** Whether connections are looked at as they should be. */
  sweep(): SweepVitals;
}

/** Whether the sweep runs. */
export interface SweepVitals {
  /** Whether the one timer is meant to run: not before the app is up, nor after it has begun to close. */
  readonly isRunning: boolean;
  /** Milliseconds since a sweep last ended, by the wall clock; `undefined` before the first. */
  readonly lastSweepMsAgo: number | undefined;
  /** One for each server that asks for a sweep. */
  readonly schedules: readonly SweepSchedule[];
}

/** How a server is swept. */
export interface SweepSchedule {
  readonly intervalMs: number;
  readonly closeTimeoutMs: number;
  /**
   * Milliseconds for which a sweep has been due, 0 where none is. Stalls that are over are left out, since nobody could
   * sweep in them; the time since the one timer last ran is not, since it is all that shows that the timer has died.
   */
  readonly overdueMs: number;
}
