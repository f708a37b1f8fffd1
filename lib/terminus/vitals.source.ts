import type { Finding } from '../lifecycle/lifecycle.events.js';

/** What health checks ask. */
export interface VitalsSource {
  /** Connections that are not closed. */
  readonly connectionCount: number;
  /** Whether everybody is being sent away, or was. */
  readonly isDraining: boolean;
  /** What is wrong at present, the worst first. */
  findings(): readonly Finding[];
  /** Whether connections are looked at as they should be. */
  sweep(): SweepVitals;
}

/** Whether the sweep runs. */
export interface SweepVitals {
  /** Whether any server asks for a sweep. */
  readonly isWanted: boolean;
  /** Whether the one timer runs: not before the app is up, nor after it has begun to close. */
  readonly isRunning: boolean;
  /** How long the longest overdue sweep has been due, by the wall clock; 0 where none is. */
  readonly overdueMs: number;
  /** The shortest interval of a server that asks for a sweep. */
  readonly intervalMs: number | undefined;
}
