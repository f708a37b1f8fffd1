import type { AwakeClock, AwakeTime } from '../clock/awake.clock.js';
import { CLOSE_REASONS, type SentCloseReason } from '../protocol/close-reasons.js';
import type { Connection, GhostKind } from './connection.js';
import type { ConnectionFollower } from './connection.follower.js';
import { observeOutflow, unconfirmedBytesOf } from './outflow.js';

/** An order to close one connection. */
export interface CloseOrder {
  readonly reason: SentCloseReason;
  /** @default the code of the reason */
  readonly code?: number | undefined;
  /** @default the text of the reason */
  readonly text?: string | undefined;
  readonly ghost?: GhostKind | undefined;
}

/** The only way out (R6): a close frame, a grace period, then the end, whoever began. */
export class ConnectionCloser implements ConnectionFollower {
  private readonly deadlines = new Map<Connection, AwakeTime>();
  /** Those whose sockets were destroyed. */
  private readonly terminated = new Set<Connection>();
  private readonly stuck = new Set<Connection>();

  constructor(
    private readonly parts: {
      readonly clock: AwakeClock;
      /** Told of a close that began without its socket saying so. */
      readonly began: (connection: Connection) => void;
      /** Told, after each grace period, of a connection whose destroyed socket has not reported its end. */
      readonly stuck: (connection: Connection, isNews: boolean) => void;
      /** Told when ending one connection failed, which must not keep the others from their end. */
      readonly failed: (error: unknown) => void;
    },
  ) {}

  /** How many connections are on their way out. */
  get closingCount(): number {
    return this.deadlines.size;
  }

  /** Connections whose destroyed socket has not reported its end within a grace period. */
  get stuckCount(): number {
    return this.stuck.size;
  }

  /** @returns false when it was closing already */
  close(connection: Connection, order: CloseOrder): boolean {
    const { socket, server } = connection;
    if (connection.state !== 'open' || socket === undefined) return false;
    const code = order.code ?? server.settings.closeCodes[order.reason];
    const text = order.text ?? CLOSE_REASONS[order.reason].text;
    connection.closing = { reason: order.reason, code, text, ghost: order.ghost };
    try {
      server.driver.close(socket, code, text, isFinal(order.reason, code));
    } catch (error) {
      this.parts.failed(error);
    }
    // An app may have put a close() of its own on the socket, which closes later, or never: it ends in time all the same.
    if (connection.state === 'open') this.parts.began(connection);
    return true;
  }

  closing(connection: Connection): void {
    const now = this.parts.clock.now();
    observeOutflow(connection, now);
    this.deadlines.set(connection, now + graceMsOf(connection));
  }

  forgotten(connection: Connection): void {
    this.closed(connection);
  }

  closed(connection: Connection): void {
    this.deadlines.delete(connection);
    this.terminated.delete(connection);
    this.stuck.delete(connection);
  }

  /** Ends those whose grace period is over. Call after a poll phase, when a waiting close frame has been read (R2). */
  tick(now: AwakeTime): void {
    for (const [connection, deadline] of this.deadlines) {
      if (now < deadline || this.mayFinish(connection, now)) continue;
      this.deadlines.set(connection, now + connection.server.settings.closeTimeoutMs);
      try {
        this.end(connection);
      } catch (error) {
        this.parts.failed(error);
      }
    }
  }

  private end(connection: Connection): void {
    if (this.terminated.has(connection)) {
      const isNews = !this.stuck.has(connection);
      this.stuck.add(connection);
      this.parts.stuck(connection, isNews);
      return;
    }
    this.terminated.add(connection);
    connection.unsentBytes = connection.bufferedBytes;
    if (connection.socket !== undefined) connection.server.driver.terminate(connection.socket);
  }

  /**
   * A close that the app began may have megabytes before its close frame: as long as they drain, its peer is alive and
   * gets its grace period after the last of them.
   */
  private mayFinish(connection: Connection, now: AwakeTime): boolean {
    if (connection.closing !== undefined || this.terminated.has(connection)) return false;
    const { closeTimeoutMs } = connection.server.settings;
    const outflow = observeOutflow(connection, now);
    if (outflow === undefined || now - outflow.movedAt >= closeTimeoutMs) return false;
    this.deadlines.set(connection, now + closeTimeoutMs);
    return true;
  }
}

/** Whether the client is never to come back: by its reason, unless the caller has chosen a code that says otherwise. */
function isFinal(reason: SentCloseReason, code: number): boolean {
  if (CLOSE_REASONS[reason].reconnect !== 'never') return false;
  return !Object.values(CLOSE_REASONS).some((row) => row.code === code && row.reconnect !== 'never');
}

/** Whoever the app sends away gets the time to read what it was sent before: a kernel may hold megabytes of it. */
function graceMsOf(connection: Connection): number {
  const { closeTimeoutMs, progress } = connection.server.settings;
  if (connection.closing !== undefined) return closeTimeoutMs;
  const readingMs = (unconfirmedBytesOf(connection) / progress.minDrainBytesPerSecond) * 1000;
  return closeTimeoutMs + Math.min(progress.maxExtraMs, readingMs);
}
