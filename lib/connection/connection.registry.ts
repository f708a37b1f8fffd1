import type { ConnectionBlock } from './connection.block.js';
import { ConnectionBlocks } from './connection.blocks.js';
import type { Connection } from './connection.js';
import { ServerNumbers } from './server.numbers.js';
import type { WatchedServer } from './watched.server.js';

/** All connections that are not closed: the one source of truth. */
export class ConnectionRegistry {
  private readonly blocks = new ConnectionBlocks();
  private readonly servers = new ServerNumbers();
  /** By server, and of the many who have one connection only that one: no set for each. */
  private readonly byIdentity = new Map<WatchedServer, Map<string, Connection | Set<Connection>>>();
  private newest = 0;

  /** Connections that were ever added, and removed. */
  opened = 0;
  closed = 0;

  get size(): number {
    return this.opened - this.closed;
  }

  /** Identities that have at least one connection, by server. */
  identities(): ReadonlyMap<WatchedServer, number> {
    return new Map([...this.byIdentity].map(([server, identities]) => [server, identities.size]));
  }

  nextSequence(): number {
    return ++this.newest;
  }

  /** The number of the newest connection there ever was; 0 before the first. */
  get lastSequence(): number {
    return this.newest;
  }

  /**
   * Takes in a connection that has just got its number.
   *
   * @throws RangeError for an older one
   */
  add(connection: Connection): void {
    this.blocks.append(connection, this.servers.numberFor(connection.server));
    this.opened++;
  }

  /** @returns whether it was there */
  remove(connection: Connection): boolean {
    if (!this.takeOut(connection)) return false;
    this.closed++;
    return true;
  }

  /** Takes out a connection that lives on unwatched, as if it had never been here. */
  forget(connection: Connection): void {
    if (this.takeOut(connection)) this.opened--;
  }

  get(sequence: number): Connection | undefined {
    return this.blocks.get(sequence);
  }

  /** Oldest first. May be stopped and continued while connections come and go. */
  [Symbol.iterator](): IterableIterator<Connection> {
    return this.blocks.after(0);
  }

  /** Those with later sequences, oldest first. */
  after(sequence: number): IterableIterator<Connection> {
    return this.blocks.after(sequence);
  }

  /** Those with earlier sequences, newest first. */
  before(sequence: number): IterableIterator<Connection> {
    return this.blocks.before(sequence);
  }

  /** The next block of a pass over columns that has come as far as `sequence`; `undefined` at its end. */
  blockAfter(sequence: number): ConnectionBlock | undefined {
    return this.blocks.blockAfter(sequence);
  }

  /** What something says of each server, by the numbers in the blocks. Holds until connections come or go. */
  byServerNumber<Value>(say: (server: WatchedServer) => Value): Value[] {
    return this.servers.map(say);
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
    if (identity === undefined || this.get(connection.sequence) !== connection) return;
    const { server } = connection;
    const identities = this.byIdentity.get(server) ?? new Map<string, Connection | Set<Connection>>();
    this.byIdentity.set(server, identities);
    const found = identities.get(identity);
    if (found === undefined) identities.set(identity, connection);
    else if (found instanceof Set) found.add(connection);
    else identities.set(identity, new Set([found, connection]));
  }

  private takeOut(connection: Connection): boolean {
    if (!this.blocks.remove(connection)) return false;
    this.servers.release(connection.server);
    this.unindex(connection);
    return true;
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
