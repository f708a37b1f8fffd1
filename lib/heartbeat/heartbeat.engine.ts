import { NEVER, type AwakeClock, type AwakeTime } from '../clock/awake.clock.js';
import type { Clock } from '../clock/clock.js';
import { isPending, type Connection, type Question } from '../connection/connection.js';
import { isOwnFrameWaiting } from '../connection/outflow.js';
import type { ConnectionFollower } from '../connection/connection.follower.js';
import { beatIntervalOf, type HeartbeatSettings } from '../connection/connection.settings.js';
import type { BeatWriter } from './beat.writer.js';
import { isForgotten, noteHold } from './message.hold.js';
import { PhaseSpreader } from './phase.spreader.js';
import { TimingWheel } from './timing.wheel.js';

/** What a question repeats, if anything. */
export type RepeatedQuestion = Pick<Question, 'isRepeat' | 'wasHeld'>;

const ASKED_ANEW: RepeatedQuestion = { isRepeat: false, wasHeld: false };

/** Something done to one connection. */
export type ConnectionWork = (connection: Connection, now: AwakeTime) => void;

/** Called when the answer to a question is due, or half the time for it has passed. */
export type LookDue = (connection: Connection, question: Question, now: AwakeTime) => void;

/**
 * Asks every connection whether it is there: one timer and one schedule for all. Knows when to ask and when to look
 * for the answer, and judges nobody.
 */
export class HeartbeatEngine implements ConnectionFollower {
  private readonly wheel: TimingWheel<Connection>;
  private readonly spreader = new PhaseSpreader();
  private now: AwakeTime = NEVER;
  // Made once: a tick over many connections makes no closure for each.
  private readonly due = (connection: Connection): void => this.fenced(connection, this.now, this.turnTo);
  private readonly askAnew: ConnectionWork = (connection, now) => this.ask(connection, now);

  constructor(
    private readonly parts: {
      readonly clock: Clock;
      readonly awake: AwakeClock;
      readonly writer: BeatWriter;
      /** How many stalls there have been. */
      readonly stalls: () => number;
      readonly lookDue: LookDue;
      /** Called at each turn of a connection, whatever it is for. */
      readonly turned: (connection: Connection, now: AwakeTime) => void;
      /** A socket turned out to be closing without anybody having told. */
      readonly foundClosing: (connection: Connection) => void;
      /** A question was asked. */
      readonly asked: (connection: Connection, question: Question) => void;
      /** Called at each beat of a connection that gets protocol pings only. */
      readonly pinged: (connection: Connection, now: AwakeTime) => void;
      /** Told when the work on one connection failed, which must not keep the others from theirs. */
      readonly failed: (error: unknown) => void;
    },
  ) {
    this.wheel = new TimingWheel(parts.awake.now());
  }

  opened(connection: Connection): void {
    const intervalMs = beatIntervalOf(connection.server.settings);
    if (intervalMs === undefined) return;
    connection.beatAt = this.spreader.firstBeat(this.parts.awake.now(), intervalMs);
    this.wheel.schedule(connection, connection.beatAt);
  }

  forgotten(connection: Connection): void {
    this.closing(connection);
  }

  closing(connection: Connection): void {
    this.wheel.cancel(connection);
    connection.question = undefined;
  }

  /** Does what is due. Call after a poll phase (R2). */
  tick(now: AwakeTime): void {
    this.parts.writer.newTick();
    this.now = now;
    this.wheel.advance(now, this.due);
  }

  /** Works on one connection so that its failure, a codec's for example, costs neither the others nor its own next turn. */
  fenced(connection: Connection, now: AwakeTime, work: ConnectionWork): void {
    try {
      work(connection, now);
    } catch (error) {
      this.parts.failed(error);
      if (connection.state === 'open' && connection.dueTick < 0) this.rest(connection, now);
    }
  }

  /** Looks at a connection's question again at `at`. */
  lookAgain(connection: Connection, at: AwakeTime): void {
    this.wheel.schedule(connection, at);
  }

  /** Leaves a connection alone until its next beat. */
  rest(connection: Connection, now: AwakeTime): void {
    const intervalMs = beatIntervalOf(connection.server.settings)!;
    const overdueMs = now - connection.beatAt;
    if (overdueMs >= 0) connection.beatAt += (Math.floor(overdueMs / intervalMs) + 1) * intervalMs;
    this.wheel.schedule(connection, connection.beatAt);
  }

  /** Asks whether the program at the other end is there, now. */
  ask(connection: Connection, now: AwakeTime, repeats: RepeatedQuestion = ASKED_ANEW): void {
    const { heartbeat } = connection.server.settings;
    const { socket } = connection;
    if (heartbeat === false || socket === undefined || !connection.server.driver.isOpen(socket)) return;
    if (heartbeat.isTransports === true) {
      // Only its library can ask, in its own time: a question that cannot be repeated is not held against it.
      if (isPending(connection.question)) connection.question.isSettled = true;
      this.parts.writer.ping(connection);
      this.rest(connection, now);
      return;
    }
    if (connection.midMessage) {
      // A data frame of ours would end up inside the app's message (R9).
      noteHold(connection, now);
      connection.isHeldUp = !isForgotten(connection, now);
      this.parts.writer.ping(connection);
      this.rest(connection, now);
      return;
    }
    if (isOwnFrameWaiting(connection)) {
      connection.question = this.waitingQuestionOf(connection, heartbeat, now, repeats);
    } else {
      connection.question = this.questionOf(connection, heartbeat, now, {
        isRepeat: repeats.isRepeat,
        wasHeld: repeats.wasHeld,
        wasSent: true,
      });
      this.parts.writer.beat(connection, heartbeat);
    }
    this.noteHandOver(connection, connection.question, now);
    this.parts.asked(connection, connection.question);
    this.wheel.schedule(connection, now + heartbeat.timeoutMs / 2);
  }

  /** The transport's library has asked in its own words: when to look for the answer is known all the same. */
  askedByTransport(connection: Connection, now: AwakeTime): void {
    const { heartbeat, protocolPing } = connection.server.settings;
    if (heartbeat === false || connection.state !== 'open') return;
    connection.question = this.questionOf(connection, heartbeat, now, { ...ASKED_ANEW, wasSent: true });
    connection.owedAnswers++;
    connection.server.tally.heartbeatsSent++;
    if (protocolPing !== false && protocolPing.intervalMs === undefined) this.parts.writer.ping(connection);
    this.noteHandOver(connection, connection.question, now);
    this.parts.asked(connection, connection.question);
    this.wheel.schedule(connection, now + heartbeat.timeoutMs / 2);
  }

  /** The app's message is complete: a question that had to wait for that is asked. */
  messageFinished(connection: Connection, now: AwakeTime): void {
    if (connection.heldUpSince === NEVER) return;
    connection.isHeldUp = false;
    connection.heldUpSince = NEVER;
    // It could not be asked, so its silence since says nothing.
    connection.lastPeerAt = Math.max(connection.lastPeerAt, connection.lastHopAt);
    if (connection.state !== 'open' || isPending(connection.question)) return;
    this.fenced(connection, now, this.askAnew);
  }

  /** Asks in the way that its settings say, out of turn; what is under way is asked anew. */
  askAgain(connection: Connection, now: AwakeTime): void {
    if (connection.server.settings.heartbeat === false) this.pingAlone(connection);
    else this.ask(connection, now, { isRepeat: true, wasHeld: true });
  }

  /**
   * Sends the protocol ping whose answer, right before the verdict, tells a proxy that answers from a peer that is
   * gone altogether (R8).
   */
  probe(connection: Connection, question: Question): void {
    if (question.probe !== undefined || connection.server.settings.protocolPing === false) return;
    question.probe = this.parts.writer.ping(connection);
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

  private readonly turnTo: ConnectionWork = (connection, now) => {
    const { question, socket, server } = connection;
    if (socket === undefined || !server.driver.isOpen(socket)) {
      // A FIN without a close frame starts no timer in `ws`: the closer must see to its end (R6).
      this.parts.foundClosing(connection);
      return;
    }
    this.parts.turned(connection, now);
    // Whoever was told may have closed it.
    if (connection.state !== 'open') return;
    if (isPending(question)) this.parts.lookDue(connection, question, now);
    else this.beat(connection, now);
  };

  private beat(connection: Connection, now: AwakeTime): void {
    connection.unasked = 0;
    const { heartbeat } = connection.server.settings;
    if (heartbeat !== false) {
      if (heartbeat.isTransports === true) this.rest(connection, now);
      else this.ask(connection, now);
      return;
    }
    this.pingAlone(connection);
    this.parts.pinged(connection, now);
    this.rest(connection, now);
  }

  /** Pings where nothing else is asked: its pong tells how far the peer has read. */
  private pingAlone(connection: Connection): void {
    const payload = this.parts.writer.ping(connection);
    if (payload === undefined) return;
    connection.lonePing = payload;
    connection.lonePingEnd = connection.writtenBytes;
  }

  /** The reader is blocked: the question that waits for it is the one that is asked, or the next that can be sent. */
  private waitingQuestionOf(
    connection: Connection,
    heartbeat: HeartbeatSettings,
    now: AwakeTime,
    repeats: RepeatedQuestion,
  ): Question {
    const last = connection.question;
    if (last?.handedOverAt === NEVER) this.noteHandOver(connection, last, now);
    const stillWaits = last?.wasSent === true && last.handedOverAt === NEVER;
    const question = this.questionOf(connection, heartbeat, now, { ...repeats, wasSent: stillWaits });
    if (!stillWaits) return question;
    return { ...question, ts: last.ts, sentAt: last.sentAt, bytesAtEnd: last.bytesAtEnd };
  }

  private questionOf(
    connection: Connection,
    heartbeat: HeartbeatSettings,
    now: AwakeTime,
    how: RepeatedQuestion & Pick<Question, 'wasSent'>,
  ): Question {
    return {
      ts: this.parts.writer.tsFor(heartbeat),
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
      isSettled: false,
      isRepeat: how.isRepeat,
      wasHeld: how.wasHeld,
      wasSent: how.wasSent,
      stallsSeen: this.parts.stalls(),
    };
  }
}
