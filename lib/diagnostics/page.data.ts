import type { HistorySample } from '../connection/connection.history.js';
import type { DiagnosticsSnapshot } from './diagnostics.snapshot.js';

/** What the live page asks for once a second, as JSON. */
export interface PageData {
  /** Milliseconds since the Unix epoch, by the server's clock. */
  readonly at: number;
  /** Another for each process: counts of two processes must not be mixed. */
  readonly process: string;
  readonly snapshot: DiagnosticsSnapshot;
  /** This moment. */
  readonly now: HistorySample;
  /** Samples newer than the page asked for (`?since=`), oldest first: every 10 s, and every 5 min. */
  readonly lastHour: readonly HistorySample[];
  readonly lastDay: readonly HistorySample[];
  /** Whether single connections are served beside it (`details: true`). */
  readonly details: boolean;
}
