import type { ConnectionFilter } from '../connection/connection.commands.js';
import type { HistorySample } from '../connection/connection.history.js';
import type { ConnectionSnapshot } from '../connection/connection.snapshot.js';
import type { DiagnosticsSnapshot } from './diagnostics.snapshot.js';

/** What the diagnostics endpoint and its page show. */
export interface DiagnosticsSource {
  snapshot(): DiagnosticsSnapshot;
  /** This moment, in the shape of the history. */
  sample(): HistorySample;
  /** Oldest first; the newest sample is at most 10 s, or 5 min, old. */
  history(): { readonly lastHour: readonly HistorySample[]; readonly lastDay: readonly HistorySample[] };
  /**
   * The connections that are not closed, oldest first unless the filter says otherwise.
   *
   * @throws ConnectionHealthArgumentError for a cursor that is not of this process
   */
  connections(filter?: ConnectionFilter): ConnectionSnapshot[];
  /** One connection that is not closed. */
  connection(id: string): ConnectionSnapshot | undefined;
  /** Metrics in Prometheus text; `undefined` where none are kept. */
  metrics(): Promise<{ readonly contentType: string; readonly text: string }> | undefined;
}
