import { NEVER, type AwakeClock, type AwakeTime } from '../clock/awake.clock.js';
import type { Connection, ConnectionState } from './connection.js';

/** One connection as plain data, at one moment. Moments are milliseconds since the Unix epoch. */
export interface ConnectionSnapshot {
  /** Unique in this process, and in practice among all. */
  readonly id: string;
  /** The gateways of its server, sorted and joined by `+`, or the name given to `watch()`. */
  readonly gateway: string;
  /** What carries it: `ws`, or of Socket.IO `websocket`, `polling` or `webtransport`, whichever it is at present. */
  readonly transport: string;
  /** Of Socket.IO: the namespaces that the client has joined, at most 16. */
  readonly namespaces?: readonly string[];
  /** Of Socket.IO: whether the client was given back the session that it had lost (`connectionStateRecovery`). */
  readonly recovered?: boolean;
  readonly state: ConnectionState;
  /** What `identify` said, at most 256 characters. */
  readonly identity?: string;
  /** The client's address, through as many proxies as `trustProxy` allows. */
  readonly address?: string;
  readonly userAgent?: string;
  /** Path of the upgrade request, without its query string. */
  readonly path?: string;
  /** What the client said of itself: `visible`, `hidden`, or its own word. */
  readonly clientState?: string;
  readonly openedAt: number;
  readonly ageMs: number;
  /** The last evidence that the peer lives. */
  readonly lastActivityAt: number;
  readonly idleMs: number;
  /** The last protocol ping or pong; absent before the first. */
  readonly lastHopAt?: number;
  /** Milliseconds from our last ping to its answer; absent before the first. */
  readonly latencyMs?: number;
  /** Heartbeats missed since the last answered one. */
  readonly missed: number;
  /** Bytes that were sent but have not left this process. */
  readonly bufferedBytes: number;
}

/** A latency for people: three digits after the point; `undefined` before the first. */
export function latencyOf(latencyMs: number): number | undefined {
  return latencyMs === NEVER ? undefined : Math.round(latencyMs * 1000) / 1000;
}

/** Makes snapshots; knows what the times in a record mean to people. */
export class ConnectionPhotographer {
  constructor(
    private readonly clock: AwakeClock,
    /** What all ids of this process begin with. */
    readonly idPrefix: string,
  ) {}

  /** The id of a connection, as in its snapshots. */
  idOf(connection: Connection): string {
    return `${this.idPrefix}-${connection.sequence.toString(36)}`;
  }

  /** The number of the connection that an id names, or `undefined` for an id that is not of this process. */
  sequenceOf(id: string): number | undefined {
    const [, prefix, digits] = /^(.+)-([0-9a-z]+)$/.exec(id) ?? [];
    return prefix === this.idPrefix ? Number.parseInt(digits!, 36) : undefined;
  }

  take(connection: Connection): ConnectionSnapshot {
    const { peer, server } = connection;
    const openedAt = this.clock.toEpoch(connection.openedAt);
    const lastActivityAt = this.clock.toEpoch(connection.lastActivityAt);
    const now = this.clock.toEpoch(this.clock.now());
    return {
      id: this.idOf(connection),
      gateway: server.name,
      transport: connection.session?.transport ?? server.driver.name,
      namespaces: connection.session?.namespaces,
      recovered: connection.session?.recovered,
      state: connection.state,
      identity: connection.identity,
      address: peer.address,
      userAgent: peer.userAgent,
      path: peer.path,
      clientState: connection.clientState,
      openedAt,
      ageMs: now - openedAt,
      lastActivityAt,
      idleMs: now - lastActivityAt,
      lastHopAt: this.momentOf(connection.lastHopAt),
      latencyMs: latencyOf(connection.latencyMs),
      missed: connection.missed,
      bufferedBytes: connection.bufferedBytes,
    };
  }

  private momentOf(time: AwakeTime): number | undefined {
    return time === NEVER ? undefined : this.clock.toEpoch(time);
  }
}
