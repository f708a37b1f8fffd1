import { Inject, Injectable } from '@nestjs/common';
import type { Observable } from 'rxjs';

import { ConnectionHealthArgumentError } from './connection-health.errors.js';
import type { ConnectionHealthRuntime } from './connection-health.runtime.js';
import { CONNECTION_HEALTH_RUNTIME } from './connection-health.tokens.js';
import type {
  ConnectionCommands,
  ConnectionFilter,
  ConnectionTarget,
  DisconnectOptions,
  SweepOrder,
  SweepReport,
} from './connection/connection.commands.js';
import type { Connection } from './connection/connection.js';
import type { ConnectionSnapshot } from './connection/connection.snapshot.js';
import type { DiagnosticsSnapshot } from './diagnostics/diagnostics.snapshot.js';
import type { FleetView } from './fleet/fleet.view.js';
import type { WatchOptions } from './gateway/server.binder.js';
import type { DrainReport, LifecycleEvent } from './lifecycle/lifecycle.events.js';
import { recordOf } from './transport/transport.driver.js';

/** The app's way to see and to act on its connections. */
@Injectable()
export class ConnectionHealthService implements ConnectionCommands {
  constructor(@Inject(CONNECTION_HEALTH_RUNTIME) private readonly runtime: ConnectionHealthRuntime) {}

  /**
   * Everything that happens to connections, from the subscription on. Completes when the app closes. An observer that
   * throws is logged and breaks nothing; behind operators it is rxjs' affair, which reports it as uncaught.
   */
  get events$(): Observable<LifecycleEvent> {
    return this.runtime.bus.events$;
  }

  /** All nodes that share a store; without the option `fleet`, this process alone. */
  get fleet(): FleetView {
    return this.runtime.fleet.view;
  }

  /** Aggregates over all connections. */
  snapshot(): DiagnosticsSnapshot {
    return this.runtime.reports.snapshot();
  }

  /**
   * The connections that are not closed, oldest first unless the filter says otherwise.
   *
   * @throws ConnectionHealthArgumentError for an `after` that is no id of this process
   */
  connections(filter: ConnectionFilter = {}): ConnectionSnapshot[] {
    return this.runtime.reports.connections(filter);
  }

  /** The connection of a client socket, closed ones included; `undefined` for a socket that is not watched. */
  get(client: object): ConnectionSnapshot | undefined {
    const record = recordOf(client) as Connection | undefined;
    return record === undefined ? undefined : this.runtime.photographer.take(record);
  }

  /**
   * Says who a client is, for example after it has logged in. `undefined` takes it back.
   *
   * @returns false for a socket that is not watched
   * @throws ConnectionHealthArgumentError for an identity that is neither text nor number
   */
  identify(client: object, identity: string | number | undefined): boolean {
    if (!['string', 'number', 'undefined'].includes(typeof identity)) {
      throw new ConnectionHealthArgumentError(
        'identify(): identity',
        'a text, a number or undefined',
        identity,
      );
    }
    const record = recordOf(client) as Connection | undefined;
    if (record === undefined || record.state === 'closed') return false;
    this.runtime.tracker.identify(record, identity);
    return true;
  }

  /**
   * Closes one connection of this process, or all of an identity, as `evicted`; `fleet.disconnect()` does it on every node.
   *
   * @returns how many are being closed
   * @throws ConnectionHealthArgumentError for a code or text that no close frame may carry
   */
  disconnect(target: ConnectionTarget, options: DisconnectOptions = {}): Promise<number> {
    return this.runtime.commands.disconnect(target, options);
  }

  /**
   * Sweeps now, whatever the schedule.
   *
   * @param order `staleAfterMs` is taken at its word, also where it is shorter than a heartbeat interval
   * @throws ConnectionHealthArgumentError
   */
  sweep(order: SweepOrder = {}): Promise<SweepReport> {
    return this.runtime.commands.sweep(order);
  }

  /**
   * Refuses newcomers and closes everybody in paced batches, each with a time to come back. The app does it by itself
   * when it closes; who calls again gets the same report.
   *
   * @throws ConnectionHealthArgumentError where the options say `drain: false`
   */
  async drain(): Promise<DrainReport> {
    const { drain } = this.runtime;
    if (drain === undefined)
      throw new ConnectionHealthArgumentError('drain()', 'the option drain not to be false', false);
    return drain.drain();
  }

  /**
   * Watches a server that Nest did not create, with the sockets it already has.
   *
   * @returns stops watching
   * @throws ConnectionHealthSetupError for a server of a kind that is not known, or one that is watched already
   */
  watch(server: object, options?: WatchOptions): () => void {
    return this.runtime.binder.watch(server, options);
  }
}
