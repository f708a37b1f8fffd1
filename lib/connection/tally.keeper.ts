import type { Connection } from './connection.js';
import type { ConnectionEnd, ConnectionFollower } from './connection.follower.js';
import { ServerTally } from './server.tally.js';
import { transportKindOf, type TransportKind } from './transport.kinds.js';
import type { WatchedServer } from './watched.server.js';

/** Counts the great moments of connections, by gateway. What was counted outlives the server it was counted for. */
export class TallyKeeper implements ConnectionFollower {
  private readonly servers = new Set<WatchedServer>();
  private readonly retired = new Map<string, ServerTally>();

  /** A server's connections are counted from now on. */
  watched(server: WatchedServer): void {
    this.servers.add(server);
  }

  /** A server is watched no longer; its connections have been forgotten. */
  released(server: WatchedServer): void {
    if (!this.servers.delete(server)) return;
    this.retiredOf(server.name).add(server.tally);
  }

  opened(connection: Connection): void {
    const { tally } = connection.server;
    tally.opened++;
    tally.active++;
    tally.transports[transportKindOf(connection)]++;
  }

  /** Another transport carries it from now on. */
  carried(connection: Connection, before: TransportKind): void {
    const { transports } = connection.server.tally;
    transports[before]--;
    transports[transportKindOf(connection)]++;
  }

  closing({ server: { tally } }: Connection): void {
    tally.closing++;
  }

  closed(connection: Connection, { reason, ghost }: ConnectionEnd): void {
    const { server, sparedAs } = connection;
    const { tally } = server;
    tally.active--;
    tally.transports[transportKindOf(connection)]--;
    tally.closing--;
    tally.closed[reason]++;
    if (ghost === undefined) return;
    tally.ghosts[ghost]++;
    // It is observed no longer: nobody is a ghost twice.
    if (sparedAs !== undefined) tally.sparedGhosts[sparedAs]--;
  }

  forgotten(connection: Connection): void {
    const { server, state } = connection;
    const { tally } = server;
    // As if it had never been here.
    tally.transports[transportKindOf(connection)]--;
    tally.opened--;
    tally.active--;
    if (state === 'closing') tally.closing--;
  }

  /** What was counted so far, by the name of the gateways. */
  totals(): Map<string, ServerTally> {
    const totals = new Map<string, ServerTally>();
    const add = (name: string, tally: ServerTally): void => {
      const total = totals.get(name) ?? new ServerTally();
      total.add(tally);
      totals.set(name, total);
    };
    for (const [name, tally] of this.retired) add(name, tally);
    for (const { name, tally } of this.servers) add(name, tally);
    return totals;
  }

  /** The servers that are counted at present. */
  [Symbol.iterator](): IterableIterator<WatchedServer> {
    return this.servers.values();
  }

  private retiredOf(name: string): ServerTally {
    const tally = this.retired.get(name) ?? new ServerTally();
    this.retired.set(name, tally);
    return tally;
  }
}
