import type { Connection } from './connection.js';
import type { WatchedServer } from './watched.server.js';

/** All connections that are not closed: the one source of truth. */
export class ConnectionRegistry {
  private readonly connections = new Map<number, Connection>();
  /** By server, and of the many who have one connection only that one: no set for each. */
  private readonly byIdentity = new Map<WatchedServer, Map<string, Connection | Set<Connection>>>();
  private lastSequence = 0;

  /** Connections that were ever added, and removed. */
  opened = 0;
  closed = 0;

  get size(): number {
    return this.connections.size;
  }

  /** Identities that have at least one connection, by server. */
  identities(): ReadonlyMap<WatchedServer, number> {
    return new Map([...this.byIdentity].map(([server, identities]) => [server, identities.size]));
  }

  nextSequence(): number {
    return ++this.lastSequence;
  }

  add(connection: Connection): void {
    this.connections.set(connection.sequence, connection);
    this.opened++;
  }

  /** @returns whether it was there */
  remove(connection: Connection): boolean {
    if (!this.connections.delete(connection.sequence)) return false;
    this.unindex(connection);
    this.closed++;
    return true;
  }

  /** Takes out a connection that lives on unwatched, as if it had never been here. */
  forget(connection: Connection): void {
    if (!this.connections.delete(connection.sequence)) return;
    this.unindex(connection);
    this.opened--;
  }

  get(sequence: number): Connection | undefined {
    return this.connections.get(sequence);
  }

  /** Oldest first. May be stopped and continued while connections come and go. */
  [Symbol.iterator](): IterableIterator<Connection> {
    return this.connections.values();
  }

  withIdentity(identity: string | undefined): Connection[] {
    if (identity === undefined) return [];
    return [...this.byIdentity.values()].flatMap((identities) => {
      const found = identities.get(identity);
      return found === undefined ? [] : found instanceof Set ? [...found] : [found];
    });
  }

  /** Says who a connection belongs to; `undefined` takes it back. */
  setIdentity(connection: Connection, identity: string | undefined): void {
    this.unindex(connection);
    connection.identity = identity;
    if (identity === undefined || !this.connections.has(connection.sequence)) return;
    const { server } = connection;
    const identities = this.byIdentity.get(server) ?? new Map<string, Connection | Set<Connection>>();
    this.byIdentity.set(server, identities);
    const found = identities.get(identity);
    if (found === undefined) identities.set(identity, connection);
    else if (found instanceof Set) found.add(connection);
    else identities.set(identity, new Set([found, connection]));
  }

  private unindex(connection: Connection): void {
    const { identity, server } = connection;
    const identities = this.byIdentity.get(server);
    if (identity === undefined || identities === undefined) return;
    const found = identities.get(identity);
    if (found instanceof Set) found.delete(connection);
    if (found === connection || (found instanceof Set && found.size === 0)) identities.delete(identity);
    if (identities.size === 0) this.byIdentity.delete(server);
  }
}
