import { NEVER, type AwakeClock, type AwakeTime } from '../clock/awake.clock.js';
import type { Connection } from '../connection/connection.js';
import type { ConnectionEnd, ConnectionFollower } from '../connection/connection.follower.js';
import { latencyOf, type ConnectionPhotographer } from '../connection/connection.snapshot.js';
import type { LifecycleBus } from './lifecycle.bus.js';
import type { ClosedEvidence } from './lifecycle.events.js';

/** Turns a connection's great moments into events. */
export class ConnectionNarrator implements ConnectionFollower {
  constructor(
    private readonly clock: AwakeClock,
    private readonly bus: LifecycleBus,
    private readonly photographer: ConnectionPhotographer,
    /** How late the event loop was at worst lately. */
    private readonly loopLagMs: () => number,
  ) {}

  opened(connection: Connection): void {
    this.bus.publish('opened', () => ({ connection: this.photographer.take(connection) }));
  }

  identified(connection: Connection): void {
    this.bus.publish('identified', () => ({ connection: this.photographer.take(connection) }));
  }

  closed(connection: Connection, end: ConnectionEnd): void {
    const { errorCode } = end;
    if (errorCode !== undefined) {
      this.bus.publish('socket_failed', () => ({
        connection: this.photographer.take(connection),
        errorCode,
      }));
    }
    this.bus.publish('closed', () => ({
      connection: this.photographer.take(connection),
      reason: end.reason,
      code: end.code,
      ghost: end.ghost,
      evidence: this.evidenceOf(connection, end),
    }));
  }

  private evidenceOf(connection: Connection, end: ConnectionEnd): ClosedEvidence {
    const { ageMs, idleMs, missed, latencyMs } = this.photographer.take(connection);
    const { lastPeerAt, lastHopAt, bytesInAt, bytesOutAt, averageLatencyMs } = connection;
    return {
      ageMs,
      idleMs,
      hopIdleMs: lastHopAt === NEVER ? undefined : this.since(lastHopAt),
      // Turns are an interval apart; what was heard since were bytes, too.
      bytesInIdleMs: this.since(Math.max(bytesInAt, lastPeerAt, lastHopAt)),
      bytesOutIdleMs: this.since(bytesOutAt),
      missed,
      latencyMs,
      averageLatencyMs: latencyOf(averageLatencyMs),
      bufferedBytes: end.bufferedBytes,
      loopLagMs: this.loopLagMs(),
      hasAnswered: connection.hasAnswered,
      sentCode: connection.sentCode,
      receivedCode: end.receivedCode,
      receivedText: end.receivedText === '' ? undefined : end.receivedText,
      errorCode: end.errorCode,
    };
  }

  /** Milliseconds by the clock on the wall, stalls included. */
  private since(time: AwakeTime): number {
    return this.clock.toEpoch(this.clock.now()) - this.clock.toEpoch(time);
  }
}
