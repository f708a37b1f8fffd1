import type { HistorySample } from '../../lib/connection/connection.history.js';
import type { ConnectionSnapshot } from '../../lib/connection/connection.snapshot.js';
import type { DiagnosticsSnapshot } from '../../lib/diagnostics/diagnostics.snapshot.js';

/** Everything a `DiagnosticsSource` has to tell, as it was at one time. */
export interface Story {
  readonly sample: HistorySample;
  readonly history: { readonly lastHour: HistorySample[]; readonly lastDay: HistorySample[] };
  readonly snapshot: DiagnosticsSnapshot;
  readonly connections: ConnectionSnapshot[];
}

/** The 1,551 connections of the design's section 9. @param now milliseconds since the Unix epoch */
export function leak(now: number): Story;

/** An ordinary day. @param now milliseconds since the Unix epoch */
export function healthy(now: number): Story;
