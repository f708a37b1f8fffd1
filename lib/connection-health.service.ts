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
import { identityOf } from './connection/identity.js';
import type { ConnectionSnapshot } from './connection/connection.snapshot.js';
import type { DiagnosticsSnapshot } from './diagnostics/diagnostics.snapshot.js';
import type { WatchOptions } from './gateway/server.binder.js';
import type { DrainReport, LifecycleEvent } from './lifecycle/lifecycle.events.js';
import { isSendableCode, SENDABLE_CODES } from './protocol/close-reasons.js';
import { recordOf } from './transport/transport.driver.js';

const MAX_CLOSE_TEXT_BYTES = 123;

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
   * Closes one connection, or all of an identity, as `evicted`.
   *
   * @returns how many are being closed
   * @throws ConnectionHealthArgumentError for a code or text that no close frame may carry
   */
  async disconnect(target: ConnectionTarget, { code, reason }: DisconnectOptions = {}): Promise<number> {
    if (code !== undefined && !isSendableCode(code)) {
      throw new ConnectionHealthArgumentError('disconnect(): code', SENDABLE_CODES, code);
    }
    if (
      reason !== undefined &&
      (typeof reason !== 'string' || Buffer.byteLength(reason) > MAX_CLOSE_TEXT_BYTES)
    ) {
      throw new ConnectionHealthArgumentError('disconnect(): reason', 'a text of at most 123 bytes', reason);
    }
    const order = { reason: 'evicted', code, text: reason } as const;
    return this.targets(target).filter((connection) => this.runtime.closer.close(connection, order)).length;
  }

  /**
   * Sweeps now, whatever the schedule.
   *
   * @param order `staleAfterMs` is taken at its word, also where it is shorter than a heartbeat interval
   * @throws ConnectionHealthArgumentError
   */
  async sweep(order: SweepOrder = {}): Promise<SweepReport> {
    const { staleAfterMs, dryRun } = order;
    if (staleAfterMs !== undefined && !(Number.isFinite(staleAfterMs) && staleAfterMs > 0)) {
      throw new ConnectionHealthArgumentError(
        'sweep(): staleAfterMs',
        'a number of milliseconds above 0',
        staleAfterMs,
      );
    }
    if (dryRun !== undefined && typeof dryRun !== 'boolean') {
      throw new ConnectionHealthArgumentError('sweep(): dryRun', 'true or false', dryRun);
    }
    return this.runtime.sweeper.sweep(order);
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

  private targets(target: ConnectionTarget): Connection[] {
    const { registry } = this.runtime;
    const { id, identity } = (target ?? {}) as { id?: unknown; identity?: unknown };
    if (typeof identity === 'string' || typeof identity === 'number')
      return registry.withIdentity(identityOf(identity));
    if (typeof id !== 'string') {
      throw new ConnectionHealthArgumentError('disconnect(): target', '{ id } or { identity }', target);
    }
    const connection = this.runtime.reports.find(id);
    return connection === undefined ? [] : [connection];
  }
}
