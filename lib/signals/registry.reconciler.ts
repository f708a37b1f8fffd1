import type { ConnectionRegistry } from '../connection/connection.registry.js';
import type { Connection } from '../connection/connection.js';
import type { WatchedServer } from '../connection/watched.server.js';
import type { LifecycleBus } from '../lifecycle/lifecycle.bus.js';
import { recordOf } from '../transport/transport.driver.js';

/** A server whose own list of sockets can be compared with ours. */
export interface ReconcilableServer extends WatchedServer {
  readonly server: object;
  /** Tracks a socket that was missed. */
  adopt(socket: object): void;
}

/** Makes the registry and the servers' own lists agree, and says so where they did not. */
export class RegistryReconciler {
  /** What was mended since it was last asked for. */
  private mended = 0;

  constructor(
    private readonly parts: {
      readonly registry: ConnectionRegistry;
      readonly bus: LifecycleBus;
      readonly servers: () => Iterable<ReconcilableServer>;
      /** The socket of a connection is gone, but nobody has told. */
      readonly vanished: (connection: Connection) => void;
      /** Stops everything that is done about a connection. */
      readonly forget: (connection: Connection) => void;
    },
  ) {}

  /** @returns what was mended since the last call */
  takeMended(): number {
    const { mended } = this;
    this.mended = 0;
    return mended;
  }

  reconcile(): void {
    for (const server of this.parts.servers()) this.reconcileServer(server);
  }

  private reconcileServer(server: ReconcilableServer): void {
    const sockets = server.driver.socketsOf(server.server);
    if (sockets === undefined) return;
    const known = new Set(sockets);
    const untracked = [...known].filter((socket) => server.driver.isOpen(socket) && !this.isTracked(socket));
    const vanished = [...this.parts.registry].filter(
      (connection) =>
        connection.server === server && !known.has(connection.socket!) && connection.raw?.destroyed === true,
    );
    if (untracked.length + vanished.length === 0) return;
    this.mended += untracked.length + vanished.length;
    for (const socket of untracked) this.track(socket, server);
    for (const connection of vanished) this.parts.vanished(connection);
    this.parts.bus.publish('registry_mismatch', () => ({
      gateway: server.name,
      untracked: untracked.length,
      vanished: vanished.length,
    }));
  }

  private isTracked(socket: object): boolean {
    const record = recordOf(socket) as Connection | undefined;
    return record !== undefined && this.parts.registry.get(record.sequence) === record;
  }

  /** A record that the registry has lost must not go on beside the new one. */
  private track(socket: object, server: ReconcilableServer): void {
    const lost = recordOf(socket) as Connection | undefined;
    if (lost !== undefined) this.parts.forget(lost);
    server.adopt(socket);
  }
}
