import { NEVER, type AwakeClock, type AwakeTime } from '../clock/awake.clock.js';
import type { Clock } from '../clock/clock.js';
import type { Connection, Question } from '../connection/connection.js';
import type { ConnectionFollower } from '../connection/connection.follower.js';
import { beatIntervalOf, type HeartbeatSettings } from '../connection/connection.settings.js';
import { PhaseSpreader } from './phase.spreader.js';
import { TimingWheel } from './timing.wheel.js';

/** Called when the answer to a question is due, or half the time for it has passed. */
export type LookDue = (connection: Connection, question: Question, now: AwakeTime) => void;

/**
 * Asks every connection whether it is there: one timer and one schedule for all. Knows when to ask and when to look
 * for the answer, and judges nobody.
 */
export class HeartbeatEngine implements ConnectionFollower {
  private readonly wheel: TimingWheel<Connection>;
  private readonly spreader = new PhaseSpreader();
  private pingNumber = 0;
  /** The payload of this tick's protocol pings. */
  private payload: Uint8Array | undefined;
  private lastTs = 0;
  private frame:
    | { readonly heartbeat: HeartbeatSettings; readonly ts: number; readonly data: string | Uint8Array }
    | undefined;

  /** Heartbeats sent since the start. */
  sent = 0;

  constructor(
    private readonly parts: {
      readonly clock: Clock;
      readonly awake: AwakeClock;
      readonly tickMs: number;
      /** How many stalls there have been. */
      readonly stalls: () => number;
      readonly lookDue: LookDue;
      /** Called at each beat of a connection that gets protocol pings only. */
      readonly pinged: (connection: Connection, now: AwakeTime) => void;
      /** Told when the work on one connection failed, which must not keep the others from theirs. */
      readonly failed: (error: unknown) => void;
    },
  ) {
    this.wheel = new TimingWheel(parts.tickMs, parts.awake.now());
  }

  opened(connection: Connection): void {
    const intervalMs = beatIntervalOf(connection.server.settings);
    if (intervalMs === undefined) return;
    connection.beatAt = this.spreader.firstBeat(this.parts.awake.now(), intervalMs);
    this.wheel.schedule(connection, connection.beatAt);
  }

  closing(connection: Connection): void {
    this.wheel.cancel(connection);
    connection.question = undefined;
  }

  /** Does what is due. Call after a poll phase (R2). */
  tick(now: AwakeTime): void {
    this.frame = undefined;
    this.payload = undefined;
    this.wheel.advance(now, (connection) => {
      try {
        this.turnTo(connection, now);
      } catch (error) {
        this.parts.failed(error);
        if (connection.state === 'open' && connection.dueTick < 0) this.rest(connection, now);
      }
    });
  }

  /** Looks at a connection's question again at `at`. */
  lookAgain(connection: Connection, at: AwakeTime): void {
    this.wheel.schedule(connection, at);
  }

  /** Leaves a connection alone until its next beat. */
  rest(connection: Connection, now: AwakeTime): void {
    const intervalMs = beatIntervalOf(connection.server.settings)!;
    const intervals = Math.max(1, Math.floor((now - connection.beatAt) / intervalMs) + 1);
    connection.beatAt += intervals * intervalMs;
    this.wheel.schedule(connection, connection.beatAt);
  }

  /** Asks whether the program at the other end is there, now. */
  ask(connection: Connection, now: AwakeTime, isRepeat = false): void {
    const { heartbeat } = connection.server.settings;
    const { socket } = connection;
    if (heartbeat === false || socket === undefined || !connection.server.driver.isOpen(socket)) return;
    if (connection.midMessage) {
      // A data frame of ours would end up inside the app's message (R9).
      this.ping(connection);
      this.wheel.schedule(connection, now + this.parts.tickMs);
      return;
    }
    connection.question = this.questionOf(connection, heartbeat, now, isRepeat);
    connection.raw?.cork?.();
    connection.server.driver.send(socket, this.frameFor(heartbeat));
    if (ridesWithHeartbeat(connection)) this.ping(connection);
    connection.raw?.uncork?.();
    this.sent++;
    this.noteHandOver(connection, connection.question, now);
    this.wheel.schedule(connection, now + heartbeat.timeoutMs / 2);
  }

  /**
   * Sends the protocol ping whose answer, right before the verdict, tells a proxy that answers from a peer that is
   * gone altogether (R8).
   */
  probe(connection: Connection, question: Question): void {
    if (question.probe !== undefined || connection.server.settings.protocolPing === false) return;
    question.probe = this.ping(connection);
  }

  /** Notes when the kernel has taken a question, to be called at each look until it has. */
  noteHandOver(connection: Connection, question: Question, now: AwakeTime): void {
    const unsent = connection.bufferedBytes;
    const unwritten = connection.raw?.writableLength ?? unsent;
    // As long as `ws` itself holds frames back (its compressor is busy), ours is not even written.
    if (question.bytesAtEnd === undefined && unsent <= unwritten)
      question.bytesAtEnd = connection.writtenBytes;
    const isGone =
      question.bytesAtEnd !== undefined && connection.writtenBytes - unwritten >= question.bytesAtEnd;
    if (unsent === 0 || isGone) question.handedOverAt = now;
  }

  private turnTo(connection: Connection, now: AwakeTime): void {
    const { question } = connection;
    if (question === undefined || question.isMissed) this.beat(connection, now);
    else this.parts.lookDue(connection, question, now);
  }

  private beat(connection: Connection, now: AwakeTime): void {
    connection.unasked = 0;
    if (connection.server.settings.heartbeat !== false) {
      this.ask(connection, now);
      return;
    }
    this.ping(connection);
    this.parts.pinged(connection, now);
    this.rest(connection, now);
  }

  private questionOf(
    connection: Connection,
    heartbeat: HeartbeatSettings,
    now: AwakeTime,
    isRepeat: boolean,
  ): Question {
    this.frameFor(heartbeat);
    return {
      ts: this.frame!.ts,
      askedAt: now,
      sentAt: this.parts.clock.monotonic(),
      handedOverAt: NEVER,
      bytesAtEnd: undefined,
      messagesBefore: connection.messages,
      controlBytesBefore: connection.controlBytes,
      dataBytesBefore: connection.dataBytes,
      probe: undefined,
      probeAnswered: false,
      isMissed: false,
      isRepeat,
      stallsSeen: this.parts.stalls(),
    };
  }

  /** One frame for all connections of a tick that share their settings. */
  private frameFor(heartbeat: HeartbeatSettings): string | Uint8Array {
    if (this.frame?.heartbeat !== heartbeat) {
      // Never twice the same, and never going back, even where the system's date does: answers are matched by it.
      const ts = (this.lastTs = Math.max(this.lastTs + 1, this.parts.clock.epoch()));
      const data = heartbeat.codec.encode({ type: 'server_ping', ts, interval: heartbeat.intervalMs });
      this.frame = { heartbeat, ts, data };
    }
    return this.frame.data;
  }

  /** Sends a protocol ping. @returns its payload, or `undefined` where none was sent */
  ping(connection: Connection): Uint8Array | undefined {
    const { socket, server } = connection;
    if (socket === undefined || server.settings.protocolPing === false || !server.driver.isOpen(socket))
      return undefined;
    if (this.payload === undefined) {
      this.payload = new Uint8Array(8);
      new DataView(this.payload.buffer).setFloat64(0, ++this.pingNumber);
    }
    server.driver.ping(socket, this.payload);
    return this.payload;
  }
}

function ridesWithHeartbeat({ server }: Connection): boolean {
  const { protocolPing } = server.settings;
  return protocolPing !== false && protocolPing.intervalMs === undefined;
}
