import type { ConnectionRegistry } from '../connection/connection.registry.js';
import type { Connection } from '../connection/connection.js';
import type { WatchedServer } from '../connection/watched.server.js';
import type { LifecycleBus } from '../lifecycle/lifecycle.bus.js';
import { recordOf } from '../transport/transport.driver.js';

/** Looked at before others may run. */
const SLICE = 5_000;

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
  private isLooking = false;
  /** Sockets that were not tracked at the last look. */
  private readonly untracked = new WeakSet<object>();
  /** Records whose sockets were gone at the last look. */
  private readonly gone = new WeakSet<Connection>();

  constructor(
    private readonly parts: {
      readonly registry: ConnectionRegistry;
      readonly bus: LifecycleBus;
      /** Runs in the next turn of the event loop, so that others may run before. */
      readonly nextTurn: (run: () => void) => void;
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

  /** Looks at everything once, in slices. Does nothing while an earlier look is under way. */
  async reconcile(): Promise<void> {
    if (this.isLooking) return;
    this.isLooking = true;
    try {
      for (const server of [...this.parts.servers()]) await this.reconcileServer(server);
    } finally {
      this.isLooking = false;
    }
  }

  private async reconcileServer(server: ReconcilableServer): Promise<void> {
    const sockets = server.driver.socketsOf(server.server);
    if (sockets === undefined) return;
    const overlooked = await this.collect(sockets, (socket) => this.isOverlooked(socket, server));
    const isGone = (connection: Connection): boolean =>
      connection.server === server && this.isGone(connection, sockets);
    const missing = await this.collect(this.parts.registry, isGone);
    // Others ran in between: what was tracked meanwhile must not get a second record, and what has ended is no news.
    const untracked = overlooked.filter((socket) => server.driver.isOpen(socket) && !this.isTracked(socket));
    const vanished = missing.filter((connection) => this.isRegistered(connection));
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

  private async collect<Item>(items: Iterable<Item>, isWanted: (item: Item) => boolean): Promise<Item[]> {
    const found: Item[] = [];
    let looked = 0;
    for (const item of items) {
      if (isWanted(item)) found.push(item);
      if (++looked % SLICE === 0) await new Promise<void>((resolve) => this.parts.nextTurn(resolve));
    }
    return found;
  }

  /** Untracked twice in a row: an app may announce a socket only when it has logged in. */
  private isOverlooked(socket: object, server: ReconcilableServer): boolean {
    if (!server.driver.isOpen(socket) || this.isTracked(socket)) return false;
    const wasUntracked = this.untracked.has(socket);
    this.untracked.add(socket);
    return wasUntracked;
  }

  /**
   * Gone twice in a row: Engine.IO takes a socket off its list when the TCP connection ends, and what carried it reports
   * that end a turn of the event loop later, or more while there are frames to inflate.
   */
  private isGone(connection: Connection, sockets: ReadonlySet<object>): boolean {
    if (connection.raw?.destroyed !== true || sockets.has(connection.socket!)) return false;
    const wasGone = this.gone.has(connection);
    this.gone.add(connection);
    return wasGone;
  }

  private isTracked(socket: object): boolean {
    const record = recordOf(socket) as Connection | undefined;
    return record !== undefined && this.isRegistered(record);
  }

  private isRegistered(connection: Connection): boolean {
    return this.parts.registry.get(connection.sequence) === connection;
  }

  /** A record that the registry has lost must not go on beside the new one. */
  private track(socket: object, server: ReconcilableServer): void {
    const lost = recordOf(socket) as Connection | undefined;
    if (lost !== undefined) this.parts.forget(lost);
    server.adopt(socket);
  }
}
