import type { ObservedSocket, SocketObserver, TransportDriver } from '../transport/transport.driver.js';
import type { ConnectionSettings } from './connection.settings.js';
import type { ConnectionPhotographer } from './connection.snapshot.js';
import type { Crowd } from './crowd.js';
import type { ServerTally } from './server.tally.js';

/** A server whose sockets are tracked, and what governs them. */
export interface WatchedServer {
  /** The gateways that share the server, sorted and joined by `+`, or the name given to `watch()`. A metric label. */
  readonly name: string;
  readonly driver: TransportDriver;
  readonly settings: ConnectionSettings;
  /** All clients of the process, taken together. */
  readonly crowd: Crowd;
  /** Makes the snapshots of its connections. */
  readonly photographer: ConnectionPhotographer;
  /** What is counted of its connections. */
  readonly tally: ServerTally;
  /** What the taps of its sockets report to. */
  readonly observer: SocketObserver<ObservedSocket>;
}
