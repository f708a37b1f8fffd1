import type { AwakeClock } from '../clock/awake.clock.js';
import type { Connection } from '../connection/connection.js';
import type { ConnectionEnd, ConnectionFollower } from '../connection/connection.follower.js';
import type { ConnectionPhotographer } from '../connection/connection.snapshot.js';
import type { LifecycleBus } from './lifecycle.bus.js';
import type { ClosedEvidence } from './lifecycle.events.js';

/** Turns a connection's great moments into events. */
export class ConnectionNarrator implements ConnectionFollower {
  constructor(
    private readonly clock: AwakeClock,
    private readonly bus: LifecycleBus,
    private readonly photographer: ConnectionPhotographer,
  ) {}

  opened(connection: Connection): void {
    this.bus.publish('opened', () => ({ connection: this.photographer.take(connection) }));
  }

  identified(connection: Connection): void {
    this.bus.publish('identified', () => ({ connection: this.photographer.take(connection) }));
  }

  closed(connection: Connection, end: ConnectionEnd): void {
    this.bus.publish('closed', () => ({
      connection: this.photographer.take(connection),
      reason: end.reason,
      code: end.code,
      ghost: end.ghost,
      evidence: this.evidenceOf(connection, end),
    }));
  }

  private evidenceOf(connection: Connection, end: ConnectionEnd): ClosedEvidence {
    const { ageMs, idleMs, lastHopAt, missed, latencyMs } = this.photographer.take(connection);
    return {
      ageMs,
      idleMs,
      hopIdleMs: lastHopAt === undefined ? undefined : this.clock.toEpoch(this.clock.now()) - lastHopAt,
      missed,
      latencyMs,
      bufferedBytes: end.bufferedBytes,
      hasAnswered: connection.hasAnswered,
      sentCode: connection.closing?.code,
      receivedCode: end.receivedCode,
      receivedText: end.receivedText === '' ? undefined : end.receivedText,
    };
  }
}
