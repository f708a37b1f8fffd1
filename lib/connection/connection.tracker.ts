import type { IncomingMessage } from 'node:http';

import { NEVER, type AwakeClock, type AwakeTime } from '../clock/awake.clock.js';
import { reasonForCode } from '../protocol/close-reasons.js';
import { boundedText } from './bounded.text.js';
import { Connection } from './connection.js';
import type { ConnectionEnd, ConnectionFollower } from './connection.follower.js';
import type { ConnectionRegistry } from './connection.registry.js';
import { identityOf } from './identity.js';
import type { PeerReader } from './peer.reader.js';
import type { SessionFacts } from '../transport/transport.driver.js';
import { transportKindOf } from './transport.kinds.js';
import type { WatchedServer } from './watched.server.js';

const MAX_CLOSE_TEXT = 123;
const MAX_NAMESPACE = 64;
/** What a socket reports that ended without a close frame (RFC 6455 section 7.1.5). */
const ABNORMAL = 1006;

/** Makes the record of each socket and keeps it true until the socket is gone. */
export class ConnectionTracker {
  /** When the sockets that the app has paused were paused. */
  private readonly pausedSince = new Map<Connection, AwakeTime>();

  constructor(
    private readonly parts: {
      readonly clock: AwakeClock;
      readonly registry: ConnectionRegistry;
      readonly peers: PeerReader;
      /** Says who a connection belongs to, and calls back when it knows. */
      readonly identify: (
        socket: object,
        request: IncomingMessage | undefined,
        known: (identity: unknown) => void,
      ) => void;
      readonly followers: readonly ConnectionFollower[];
    },
  ) {}

  open(server: WatchedServer, socket: object, request: IncomingMessage | undefined): Connection {
    const { clock, registry, peers, identify } = this.parts;
    const raw = server.driver.raw(socket, request);
    const peer = peers.read(request, raw);
    const connection = new Connection(registry.nextSequence(), server, socket, raw, peer, clock.now());
    connection.confirmedBytes = connection.writtenBytes;
    const { heartbeat, tcpKeepAlive } = server.settings;
    if (heartbeat === false) connection.dataBytesAtBeat = connection.dataBytes;
    if (tcpKeepAlive !== false) raw?.setKeepAlive?.(true, tcpKeepAlive.initialDelayMs);
    registry.add(connection);

    connection.session = server.driver.describe?.(socket);

    let announced = false;
    // A session's client gets to know the app later: see `introduced`.
    if (connection.session === undefined)
      identify(socket, request, (identity) => this.identify(connection, identity, announced));
    announced = true;
    for (const follower of this.parts.followers) follower.opened?.(connection);
    return connection;
  }

  /** The app has got to know the client of a session: `client` is what its handlers are given. */
  introduced(connection: Connection, client: object, request: IncomingMessage | undefined): void {
    this.parts.identify(client, request, (identity) => this.identify(connection, identity));
  }

  /** What is known of a session has changed. */
  described(connection: Connection, facts: SessionFacts): void {
    const before = transportKindOf(connection);
    const namespaces = facts.namespaces.map((name) => boundedText(name, MAX_NAMESPACE));
    connection.session = { ...facts, namespaces };
    if (connection.state === 'closed' || transportKindOf(connection) === before) return;
    for (const follower of this.parts.followers) follower.carried?.(connection, before);
  }

  /**
   * Says who a connection belongs to, now or later.
   *
   * @param identity text or a number; `undefined` and `null` mean nobody
   * @throws TypeError for anything else
   */
  identify(connection: Connection, identity: unknown, announce = true): void {
    if (connection.state === 'closed') return;
    const before = connection.identity;
    this.parts.registry.setIdentity(connection, identityOf(identity));
    if (before !== undefined && before !== connection.identity) changeHands(connection);
    if (!announce) return;
    for (const follower of this.parts.followers) follower.identified?.(connection);
  }

  /**
   * Somebody has begun to close the socket.
   *
   * @param sentCode of the close frame that went out, if one did
   */
  closing(connection: Connection, sentCode?: number): void {
    connection.sentCode ??= sentCode;
    if (connection.state !== 'open') return;
    connection.state = 'closing';
    for (const follower of this.parts.followers) follower.closing?.(connection);
  }

  /** The socket is gone. */
  closed(connection: Connection, code: number, text: string): void {
    this.closing(connection);
    if (!this.parts.registry.remove(connection)) return;
    this.pausedSince.delete(connection);
    const end = endOf(connection, code, text);
    connection.state = 'closed';
    connection.socket = undefined;
    connection.raw = undefined;
    for (const follower of this.parts.followers) follower.closed?.(connection, end);
  }

  /** Stops tracking a connection whose socket lives on. */
  forget(connection: Connection): void {
    this.pausedSince.delete(connection);
    this.parts.registry.forget(connection);
    for (const follower of this.parts.followers) follower.forgotten?.(connection);
    if (connection.socket !== undefined) connection.server.driver.release(connection.socket);
  }

  /** What the peer could not say while the app had paused its socket is not held against it (R2). */
  paused(connection: Connection, isPaused: boolean): void {
    if (isPaused === connection.isPaused) return;
    connection.isPaused = isPaused;
    const now = this.parts.clock.now();
    if (isPaused) {
      this.pausedSince.set(connection, now);
      return;
    }
    credit(connection, now - (this.pausedSince.get(connection) ?? now));
    this.pausedSince.delete(connection);
  }
}

/**
 * Somebody else speaks now: another account of the same client, or another client, where a proxy keeps the backend side of
 * connections and hands it on. What the last one has shown says nothing of the next one.
 */
function changeHands(connection: Connection): void {
  connection.latencyMs = NEVER;
  connection.averageLatencyMs = NEVER;
  connection.hasAnswered = false;
  connection.clientState = undefined;
  connection.missed = 0;
}

function credit(connection: Connection, pauseMs: number): void {
  connection.lastPeerAt += pauseMs;
  if (connection.lastHopAt !== NEVER) connection.lastHopAt += pauseMs;
  const { heartbeat } = connection.server.settings;
  // What it asked meanwhile is read in one moment now: no flood (R10).
  if (heartbeat !== false)
    connection.unasked -= Math.ceil((heartbeat.maxPerInterval * pauseMs) / heartbeat.intervalMs);
  const { question } = connection;
  if (question !== undefined && question.handedOverAt !== NEVER) question.handedOverAt += pauseMs;
}

function endOf(connection: Connection, code: number, text: string): ConnectionEnd {
  const { closing } = connection;
  return {
    reason: closing?.reason ?? reasonForCode(code),
    code: closing?.code ?? code,
    ghost: closing?.ghost,
    receivedCode: code,
    receivedText: boundedText(text, MAX_CLOSE_TEXT),
    // A destroyed socket has nothing buffered any more: what never left is what waited before.
    bufferedBytes:
      code === ABNORMAL
        ? Math.max(connection.bufferedBytes, connection.unsentBytes)
        : connection.bufferedBytes,
    errorCode: errorCodeOf(connection.raw?.errored),
  };
}

/** Node keeps the error that destroyed a stream; `ws` swallows the event (lib/websocket.js, socketOnError). */
function errorCodeOf(error: unknown): string | undefined {
  if (error === undefined || error === null) return undefined;
  const { code } = error as { code?: unknown };
  return typeof code === 'string' && /^[A-Z][A-Z0-9_]{1,39}$/.test(code) ? code : 'OTHER';
}
