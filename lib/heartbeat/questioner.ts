import { NEVER, type AwakeTime } from '../clock/awake.clock.js';
import type { Clock } from '../clock/clock.js';
import type { Connection, Question } from '../connection/connection.js';
import type { HeartbeatSettings } from '../connection/connection.settings.js';
import { isHeldBack, isOwnFrameWaiting } from '../connection/outflow.js';
import { skipBeats } from './beat.schedule.js';
import type { BeatWriter } from './beat.writer.js';
import type { QuestionPool } from './question.pool.js';

/** What a question repeats, if anything. */
export type RepeatedQuestion = Pick<Question, 'isRepeat' | 'wasHeld'>;

export const ASKED_ANEW: RepeatedQuestion = { isRepeat: false, wasHeld: false };

/** The `ts` of a question that no frame carries: equal to no number, so that nothing can answer it. */
const NO_TS = NaN;

/** Puts questions to one connection at a time, with a frame or without, and knows when the kernel has taken them. */
export class Questioner {
  constructor(
    private readonly parts: {
      readonly clock: Clock;
      readonly writer: BeatWriter;
      readonly questions: QuestionPool;
      /** How many stalls there have been. */
      readonly stalls: () => number;
    },
  ) {}

  /**
   * Asks with a heartbeat frame; behind one that still waits, the question is that one, or the next that can be sent.
   *
   * @returns `undefined` where the answer has come within the call, over a transport within this process
   */
  ask(
    connection: Connection,
    heartbeat: HeartbeatSettings,
    now: AwakeTime,
    repeats: RepeatedQuestion,
  ): Question | undefined {
    if (isOwnFrameWaiting(connection)) {
      connection.question = this.waitingQuestionOf(connection, now, repeats);
    } else {
      const { writer } = this.parts;
      // Before anything is noted: a codec may fail, and what was not asked is not missed.
      const frame = writer.askingFrame(connection, heartbeat);
      const ts = writer.tickTs;
      connection.question = this.questionOf(connection, now, repeats, ts, true);
      writer.beat(connection, frame);
    }
    const { question } = connection;
    if (question !== undefined) this.noteHandOver(connection, question, now);
    return question;
  }

  /**
   * Sends the frame of a pending question once more where the next beat has passed meanwhile: its client leaves when it
   * hears nothing for so long. The question stays as it is, or one that is dead would live on where stalls recur.
   */
  remind(connection: Connection, now: AwakeTime): void {
    const { heartbeat } = connection.server.settings;
    if (!skipBeats(connection, now) || heartbeat === false || isOwnFrameWaiting(connection)) return;
    const { writer } = this.parts;
    writer.beat(connection, writer.askingFrame(connection, heartbeat));
  }

  /** Waits for a sign of life of a client that asks by itself: a question without a frame, and a protocol ping (R8). */
  listen(connection: Connection, since: AwakeTime, repeats: RepeatedQuestion): Question {
    this.parts.writer.ping(connection);
    const question = this.questionOf(connection, since, repeats, NO_TS, true);
    question.handedOverAt = since;
    question.bytesAtEnd = connection.writtenBytes;
    connection.question = question;
    return question;
  }

  /** Notes a question that the transport's library has put in its own words; our protocol ping rides with it. */
  overhear(connection: Connection, now: AwakeTime): Question {
    const question = this.questionOf(connection, now, ASKED_ANEW, NO_TS, true);
    connection.question = question;
    this.parts.writer.rideAlong(connection);
    this.noteHandOver(connection, question, now);
    return question;
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
    if (question.bytesAtEnd === undefined && !isHeldBack(connection))
      question.bytesAtEnd = connection.writtenBytes;
    const isGone =
      question.bytesAtEnd !== undefined && connection.writtenBytes - unwritten >= question.bytesAtEnd;
    if (unsent === 0 || isGone) question.handedOverAt = now;
  }

  private waitingQuestionOf(connection: Connection, now: AwakeTime, repeats: RepeatedQuestion): Question {
    const last = connection.question;
    if (last?.handedOverAt === NEVER) this.noteHandOver(connection, last, now);
    const stillWaits = last?.wasSent === true && last.handedOverAt === NEVER;
    const ts = this.parts.writer.tickTs;
    const question = this.questionOf(connection, now, repeats, ts, stillWaits);
    if (!stillWaits) return question;
    return { ...question, ts: last.ts, sentAt: last.sentAt, bytesAtEnd: last.bytesAtEnd };
  }

  private questionOf(
    connection: Connection,
    askedAt: AwakeTime,
    { isRepeat, wasHeld }: RepeatedQuestion,
    ts: number,
    wasSent: boolean,
  ): Question {
    const question = this.parts.questions.take();
    question.ts = ts;
    question.askedAt = askedAt;
    question.sentAt = this.parts.clock.monotonic();
    question.handedOverAt = NEVER;
    question.bytesAtEnd = undefined;
    question.messagesBefore = connection.messages;
    question.controlBytesBefore = connection.controlBytes;
    question.dataBytesBefore = connection.dataBytes;
    question.probe = undefined;
    question.probeAnswered = false;
    question.isMissed = false;
    question.isSettled = false;
    question.isRepeat = isRepeat;
    question.wasHeld = wasHeld;
    question.wasSent = wasSent;
    question.stallsSeen = this.parts.stalls();
    return question;
  }
}
