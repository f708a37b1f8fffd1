import type { Connection } from './connection.js';

/** All connections that are not closed: the one source of truth. */
export class ConnectionRegistry {
  private readonly connections = new Map<number, Connection>();
  private readonly byIdentity = new Map<string, Set<Connection>>();
  private lastSequence = 0;

  /** Connections that were ever added, and removed. */
  opened = 0;
  closed = 0;

  get size(): number {
    return this.connections.size;
  }

  /** Identities that have at least one connection. */
  get identities(): number {
    return this.byIdentity.size;
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
    return identity === undefined ? [] : [...(this.byIdentity.get(identity) ?? [])];
  }

  /** Says who a connection belongs to; `undefined` takes it back. */
  setIdentity(connection: Connection, identity: string | undefined): void {
    this.unindex(connection);
    connection.identity = identity;
    if (identity === undefined || !this.connections.has(connection.sequence)) return;
    const others = this.byIdentity.get(identity);
    if (others === undefined) this.byIdentity.set(identity, new Set([connection]));
    else others.add(connection);
  }

  private unindex(connection: Connection): void {
    const { identity } = connection;
    if (identity === undefined) return;
    const others = this.byIdentity.get(identity);
    others?.delete(connection);
    if (others?.size === 0) this.byIdentity.delete(identity);
  }
}
