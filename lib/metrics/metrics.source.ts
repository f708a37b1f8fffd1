import type { ServerTally } from '../connection/server.tally.js';
import type { FleetSize } from '../fleet/fleet.answers.js';
import type { Finding } from '../lifecycle/lifecycle.events.js';

/** What the metrics read at each scrape: the truth of that moment. */
export interface MetricsSource {
  /** What was counted since the start, by gateway. */
  totals(): ReadonlyMap<string, ServerTally>;
  /** Identities that have at least one connection, by gateway. */
  identities(): ReadonlyMap<string, number>;
  /** All nodes that share a store, this process included. */
  fleet(): FleetSize;
  /** What is wrong at present. */
  findings(): readonly Finding[];
}
