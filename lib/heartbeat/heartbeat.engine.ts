import { NEVER, type AwakeClock, type AwakeTime } from '../clock/awake.clock.js';
import type { Clock } from '../clock/clock.js';
import { isPending, type Connection, type Question } from '../connection/connection.js';
import type { ConnectionFollower } from '../connection/connection.follower.js';
import { beatIntervalOf, type HeartbeatSettings } from '../connection/connection.settings.js';
import { isMidMessage } from '../connection/outflow.js';
import { advanceBeat } from './beat.schedule.js';
import type { BeatWriter } from './beat.writer.js';
import { firstTurnOf } from './first.turn.js';
import { isForgotten, noteHold, releaseHold } from './message.hold.js';
import { PacedWheel } from './paced.wheel.js';
import { PhaseSpreader } from './phase.spreader.js';
import type { QuestionPool } from './question.pool.js';
import { ASKED_ANEW, Questioner, type RepeatedQuestion } from './questioner.js';
import { noteLonePing, noteReading, silentFrom, wasHeardLately } from './silence.js';
import { isJudgedBySilence, isLeftToTransport, noteAwaitedApp, waitsForQuestions } from './wire.js';

/** Something done to one connection. */
export type ConnectionWork = (connection: Connection, now: AwakeTime) => void;

/** Called when the answer to a question is due, or half the time for it has passed. */
export type LookDue = (connection: Connection, question: Question, now: AwakeTime) => void;

/** Asks every connection whether it is there, by one schedule for all. Knows when to look for answers, judges nobody. */
export class HeartbeatEngine implements ConnectionFollower {
  private readonly wheel: PacedWheel<Connection>;
  private readonly spreader = new PhaseSpreader();
  private readonly questioner: Questioner;
  // Made once: a tick over many connections makes no closure for each.
  private readonly askAnew: ConnectionWork = (connection, now) => this.ask(connection, now);
  private readonly remind: ConnectionWork = (connection, now) => this.questioner.remind(connection, now);
  private readonly greet: ConnectionWork = (connection) => {
    const { heartbeat } = connection.server.settings;
    if (heartbeat !== false) noteLonePing(connection, this.parts.writer.greet(connection, heartbeat));
  };

  constructor(
    private readonly parts: {
      readonly clock: Clock;
      readonly awake: AwakeClock;
      readonly writer: BeatWriter;
      readonly questions: QuestionPool;
      /** Runs after the next poll phase (R2). */
      readonly afterPoll: (run: (now: AwakeTime) => void) => void;
      /** How many stalls there have been. */
      readonly stalls: () => number;
      readonly lookDue: LookDue;
      /** Called at each turn of a connection, whatever it is for. */
      readonly turned: (connection: Connection, now: AwakeTime) => void;
      /** A socket turned out to be closing without anybody having told. */
      readonly foundClosing: (connection: Connection) => void;
      /** A question was asked. */
      readonly asked: (connection: Connection, question: Question) => void;
      /** Called at each beat of a connection that is not asked since it was heard of lately. */
      readonly heard: (now: AwakeTime) => void;
      /** Called at each beat of a connection that gets protocol pings only. */
      readonly pinged: (connection: Connection, now: AwakeTime) => void;
      /** Told when the work on one connection failed, which must not keep the others from theirs. */
      readonly failed: (error: unknown) => void;
    },
  ) {
    this.wheel = new PacedWheel({
      ...parts,
      due: (connection, now) => this.fenced(connection, now, this.turnTo),
    });
    this.questioner = new Questioner(parts);
  }

  opened(connection: Connection): void {
    const intervalMs = beatIntervalOf(connection.server.settings);
    if (intervalMs === undefined) return;
    this.wheel.schedule(
      connection,
      firstTurnOf(connection, this.spreader, this.parts.awake.now(), intervalMs),
    );
  }

  forgotten(connection: Connection): void {
    this.closing(connection);
  }

  closing(connection: Connection): void {
    this.wheel.cancel(connection);
    connection.question = undefined;
  }

  /** Does what is due, in slices. Call after a poll phase (R2). */
  tick(now: AwakeTime): void {
    this.parts.writer.newTick();
    this.wheel.tick(now);
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
    this.wheel.schedule(connection, isJudgedBySilence(connection) ? Math.min(at, connection.beatAt) : at);
  }

  /** Leaves a connection alone until its next beat, or until its silence is worth a question. */
  rest(connection: Connection, now: AwakeTime): void {
    if (isJudgedBySilence(connection)) {
      this.wheel.schedule(connection, Math.min(connection.beatAt, silentFrom(connection)));
      return;
    }
    advanceBeat(connection, now);
    this.wheel.schedule(connection, connection.beatAt);
  }

  /** Asks whether the program at the other end is there, now. */
  ask(connection: Connection, now: AwakeTime, repeats: RepeatedQuestion = ASKED_ANEW): void {
    const { heartbeat } = connection.server.settings;
    const { socket } = connection;
    if (heartbeat === false || socket === undefined || !connection.server.driver.isOpen(socket)) return;
    if (isLeftToTransport(connection)) {
      // Only its library can ask, in its own time: a question that cannot be repeated is not held against it.
      if (isPending(connection.question)) connection.question.isSettled = true;
      this.pingAlone(connection);
      this.rest(connection, now);
      return;
    }
    if (isJudgedBySilence(connection)) {
      this.wasAsked(connection, this.questioner.listen(connection, now, repeats), now, heartbeat);
      return;
    }
    if (isMidMessage(connection)) {
      // A data frame of ours would end up inside the app's message (R9).
      noteHold(connection, now);
      connection.isHeldUp = !isForgotten(connection, now);
      this.parts.writer.ping(connection);
      this.rest(connection, now);
      return;
    }
    releaseHold(connection);
    this.wasAsked(connection, this.questioner.ask(connection, heartbeat, now, repeats), now, heartbeat);
  }

  /** The transport's library has asked in its own words: when to look for the answer is known all the same. */
  askedByTransport(connection: Connection, now: AwakeTime): void {
    const { heartbeat } = connection.server.settings;
    if (heartbeat === false || connection.state !== 'open') return;
    this.wasAsked(connection, this.questioner.overhear(connection, now), now, heartbeat);
  }

  /** The app's message is complete: a question that had to wait for that is asked. */
  messageFinished(connection: Connection, now: AwakeTime): void {
    if (connection.heldUpSince === NEVER || isJudgedBySilence(connection)) return;
    releaseHold(connection);
    if (connection.state !== 'open' || isPending(connection.question)) return;
    this.fenced(connection, now, this.askAnew);
  }

  /** Asks in the way that its settings say, out of turn; what is under way is asked anew. */
  askAgain(connection: Connection, now: AwakeTime): void {
    if (connection.server.settings.heartbeat === false) this.pingAlone(connection);
    else this.ask(connection, now, { isRepeat: true, wasHeld: true });
  }

  /** Time was credited that a client's own clock knows nothing of: it is asked when it expects to be, or now. */
  hurry(connection: Connection, creditMs: number, now: AwakeTime): void {
    if (connection.state !== 'open' || !waitsForQuestions(connection)) return;
    const byMs = Math.ceil(creditMs); // whole, as `firstTurnOf` made it
    connection.beatAt -= byMs;
    if (isPending(connection.question)) this.fenced(connection, now, this.remind);
    else if (connection.beatAt <= now) this.fenced(connection, now, this.askAnew);
    else this.wheel.hasten(connection, byMs);
  }

  /** See {@link Questioner.probe}. */
  probe(connection: Connection, question: Question): void {
    this.questioner.probe(connection, question);
  }

  /** See {@link Questioner.noteHandOver}. */
  noteHandOver(connection: Connection, question: Question, now: AwakeTime): void {
    this.questioner.noteHandOver(connection, question, now);
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
    if (isJudgedBySilence(connection)) this.listen(connection, now);
    else if (isPending(question)) this.parts.lookDue(connection, question, now);
    else this.beat(connection, now);
  };

  private beat(connection: Connection, now: AwakeTime): void {
    connection.unasked = 0;
    if (isLeftToTransport(connection)) {
      if (connection.session?.clientAsks === true) this.pingAlone(connection);
      this.rest(connection, now);
      return;
    }
    if (connection.server.settings.heartbeat !== false) {
      this.ask(connection, now);
      return;
    }
    this.pingAlone(connection);
    this.parts.pinged(connection, now);
    this.rest(connection, now);
  }

  /** A turn of a client that asks by itself: greeted once an interval, questioned when it has been silent for one (R4). */
  private listen(connection: Connection, now: AwakeTime): void {
    if (now >= connection.beatAt) {
      connection.unasked = 0;
      noteReading(connection);
      noteAwaitedApp(connection, now);
      advanceBeat(connection, now);
      if (wasHeardLately(connection, now)) this.parts.heard(now);
      // A codec that fails to greet must keep nobody from being judged.
      this.fenced(connection, now, this.greet);
    }
    const since = silentFrom(connection);
    if (isPending(connection.question)) this.parts.lookDue(connection, connection.question, now);
    else if (since > now) this.rest(connection, now);
    else this.ask(connection, since);
  }

  private wasAsked(
    connection: Connection,
    question: Question | undefined,
    now: AwakeTime,
    { timeoutMs }: HeartbeatSettings,
  ): void {
    if (question === undefined) return;
    this.parts.asked(connection, question);
    this.lookAgain(connection, now + timeoutMs / 2);
  }

  /** Pings where nothing else is asked: its pong tells how far the peer has read. */
  private pingAlone(connection: Connection): void {
    noteLonePing(connection, this.parts.writer.ping(connection));
  }
}
