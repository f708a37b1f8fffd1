import { NEVER, type AwakeTime } from '../clock/awake.clock.js';
import type { ConnectionCloser } from '../connection/connection.closer.js';
import { isPending, type Connection, type GhostKind, type Question } from '../connection/connection.js';
import type { ConnectionFollower } from '../connection/connection.follower.js';
import { beatIntervalOf } from '../connection/connection.settings.js';
import type { ConnectionPhotographer } from '../connection/connection.snapshot.js';
import { isOwnFrameWaiting, observeOutflow } from '../connection/outflow.js';
import type { ConnectionWork, HeartbeatEngine } from '../heartbeat/heartbeat.engine.js';
import type { LifecycleBus } from '../lifecycle/lifecycle.bus.js';
import { judgeQuestion, type Verdict } from './liveness.policy.js';
import type { MassTimeoutBreaker } from './mass-timeout.breaker.js';
import { noteUpload } from './upload.progress.js';

/** Looks for answers and draws the consequences: the thin effects around `judgeQuestion`. */
export class LivenessJudge implements ConnectionFollower {
  /** Connections whose time seems to be over. They are judged once more after another poll phase. */
  private suspects: Connection[] = [];

  constructor(
    private readonly parts: {
      readonly engine: HeartbeatEngine;
      readonly closer: ConnectionCloser;
      readonly breaker: MassTimeoutBreaker;
      /** How many connections there are. */
      readonly population: () => number;
      readonly bus: LifecycleBus;
      readonly photographer: ConnectionPhotographer;
      readonly stalls: () => number;
      /** Runs after the next poll phase. */
      readonly afterPoll: (run: (now: AwakeTime) => void) => void;
    },
  ) {}

  /** Looks whether a question was answered. */
  look(connection: Connection, question: Question, now: AwakeTime): void {
    if (!question.wasSent && !isOwnFrameWaiting(connection)) {
      this.parts.engine.ask(connection, now, question);
      return;
    }
    const verdict = this.verdictOn(connection, question, now);
    if (verdict.kind === 'missed') this.suspect(connection);
    else this.carryOut(verdict, connection, question, now);
  }

  /** A question was asked. */
  asked(connection: Connection, question: Question): void {
    this.parts.breaker.noteAsked(question.askedAt);
    if (connection.wasAsked) return;
    connection.wasAsked = true;
    if (!connection.server.crowd.noteAsked()) return;
    this.parts.bus.publish('clients_do_not_answer', () => ({ asked: this.parts.population() }));
  }

  /** A connection that was asked is going: its silence from here on says nothing. */
  closing(connection: Connection): void {
    if (isPending(connection.question)) this.parts.breaker.noteHeard(connection.question.askedAt);
  }

  /** A client that asks by itself has been heard of: no question was needed, and the breaker counts it as answered (R7). */
  heard(now: AwakeTime): void {
    this.parts.breaker.noteAsked(now);
    this.parts.breaker.noteHeard(now);
  }

  /** A client has shown that it speaks heartbeats: its crowd is not mute (R7). */
  spoke({ server }: Connection): void {
    if (server.crowd.noteAnswered()) this.parts.bus.publish('clients_answer', () => ({}));
  }

  /**
   * A heartbeat has come that shows that the client is there: the answer to a question with its own `ts`, or, where
   * clients ask by themselves, what they send, whether a question was pending or not.
   */
  answered(connection: Connection, question: Question | undefined, now: AwakeTime): void {
    this.spoke(connection);
    connection.confirmedBytes = question?.bytesAtEnd ?? connection.confirmedBytes;
    connection.question = undefined;
    if (isPending(question)) {
      this.parts.breaker.noteHeard(question.askedAt);
      this.parts.engine.rest(connection, now);
    }
    const wasMissing = connection.missed > 0;
    connection.missed = 0;
    this.noteRecovery(connection, wasMissing);
  }

  /** The transport's library has judged by itself, and ends the connection. */
  givenUp(connection: Connection, why: 'timeout' | 'error'): void {
    if (connection.state !== 'open') return;
    const { question } = connection;
    const kind = question === undefined ? kindUnasked(connection) : ghostKindOf(connection, question);
    // Its answer may wait in the kernel: after a stall of ours nobody can tell whose silence it was.
    const wasAway = isPending(question) && question.stallsSeen !== this.parts.stalls();
    const ghost = why !== 'timeout' ? undefined : wasAway ? 'unknown' : kind;
    if (ghost !== undefined && question?.isMissed !== true) this.noteMissed(connection, ghost);
    connection.closing ??= { reason: why, code: undefined, text: '', ghost };
  }

  private noteMissed(connection: Connection, ghost: GhostKind): void {
    connection.missed++;
    this.parts.bus.publish('missed', () => ({ connection: this.parts.photographer.take(connection), ghost }));
  }

  private suspect(connection: Connection): void {
    // What arrived while this pass was under way, and what `ws` hands on in the next turn, still counts.
    if (this.suspects.push(connection) === 1) this.parts.afterPoll((now) => this.judgeSuspects(now));
  }

  private judgeSuspects(now: AwakeTime): void {
    const suspects = this.suspects;
    this.suspects = [];
    for (const connection of suspects) {
      if (connection.state === 'open') this.parts.engine.fenced(connection, now, this.judgeSuspect);
    }
  }

  private readonly judgeSuspect: ConnectionWork = (connection, now) => {
    const { question } = connection;
    if (!isPending(question)) return;
    this.carryOut(this.verdictOn(connection, question, now), connection, question, now);
  };

  private carryOut(verdict: Verdict, connection: Connection, question: Question, now: AwakeTime): void {
    const { engine } = this.parts;
    if (verdict.kind === 'wait') this.waitFor(verdict.until, connection, question, now);
    else if (verdict.kind === 'repeat')
      engine.ask(connection, now, { isRepeat: true, wasHeld: question.wasHeld });
    else if (verdict.kind === 'missed') this.miss(connection, question, now);
    else {
      this.parts.breaker.noteHeard(question.askedAt);
      question.isSettled = true;
      connection.confirmedBytes = question.bytesAtEnd ?? connection.confirmedBytes;
      engine.rest(connection, now);
      this.noteRecovery(connection, false);
    }
  }

  private verdictOn(connection: Connection, question: Question, now: AwakeTime): Verdict {
    const { heartbeat, progress } = connection.server.settings;
    if (heartbeat === false) return { kind: 'alive' };
    if (question.handedOverAt === NEVER) this.parts.engine.noteHandOver(connection, question, now);
    const isPaused = connection.isUnheard;
    const facts = {
      isPaused,
      wasHeard: !isPaused && this.wasHeard(connection, question, now),
      wasInterrupted: !question.isRepeat && question.stallsSeen !== this.parts.stalls(),
      askedAt: question.askedAt,
      handedOverAt: question.handedOverAt,
      unsentMovedAt: observeOutflow(connection, now)?.movedAt ?? NEVER,
      bytesAhead: (question.bytesAtEnd ?? connection.writtenBytes) - connection.confirmedBytes,
    };
    return judgeQuestion(facts, { ...progress, timeoutMs: heartbeat.timeoutMs }, now);
  }

  private wasHeard(connection: Connection, question: Question, now: AwakeTime): boolean {
    if (connection.messages !== question.messagesBefore) return true;
    if (connection.hopCounts && connection.controlBytes !== question.controlBytesBefore) return true;
    if (!noteUpload(connection, question.dataBytesBefore, now)) return false;
    connection.lastPeerAt = now;
    return true;
  }

  /** Waits until a deadline, with one more look, and a probe, when half of the time for an answer is left. */
  private waitFor(until: AwakeTime, connection: Connection, question: Question, now: AwakeTime): void {
    const { heartbeat } = connection.server.settings;
    const probeAt = heartbeat === false ? until : until - heartbeat.timeoutMs / 2;
    if (now < probeAt) {
      this.parts.engine.lookAgain(connection, probeAt);
      return;
    }
    // Behind bytes that do not move, a probe would only add to the pile.
    if (connection.bufferedBytes === 0) this.parts.engine.probe(connection, question);
    this.parts.engine.lookAgain(connection, until);
  }

  private miss(connection: Connection, question: Question, now: AwakeTime): void {
    const { heartbeat } = connection.server.settings;
    if (heartbeat === false) return;
    const ghost = ghostKindOf(connection, question);
    question.isMissed = true;
    this.parts.engine.rest(connection, now);
    // Where nobody speaks heartbeats, a miss says nothing; who is silent on both layers is left to the sweep (R7).
    if (connection.server.crowd.isMute) return;
    this.noteMissed(connection, ghost);
    if (connection.missed < heartbeat.maxMissed || heartbeat.isTransports === true) return;
    if (heartbeat.enforce === 'observe') this.spare(connection, ghost);
    else if (!this.hold(connection, question, heartbeat.timeoutMs, now)) {
      this.parts.closer.close(connection, { reason: 'timeout', ghost });
    }
  }

  /** Rule R7: where very many would die at once, asks once more instead. @returns whether the verdict is held */
  private hold(connection: Connection, question: Question, timeoutMs: number, now: AwakeTime): boolean {
    const { askedAt, wasHeld } = question;
    if (wasHeld) return false;
    const { breaker, population } = this.parts;
    const wasEpisode = breaker.isEpisode(now);
    const silence = breaker.shouldHold({ askedAt, timeoutMs }, population(), now);
    if (silence === undefined) return false;
    if (!wasEpisode && breaker.isEpisode(now)) this.parts.bus.publish('mass_timeout', () => silence);
    this.parts.bus.publish('held', () => ({
      connection: this.parts.photographer.take(connection),
      ...silence,
    }));
    this.parts.engine.ask(connection, now, { isRepeat: question.isRepeat, wasHeld: true });
    return true;
  }

  private spare(connection: Connection, ghost: GhostKind): void {
    if (connection.sparedAs !== undefined) return;
    connection.sparedAs = ghost;
    const { tally } = connection.server;
    tally.spared.timeout++;
    tally.sparedGhosts[ghost]++;
    this.parts.bus.publish('spared', () => ({
      connection: this.parts.photographer.take(connection),
      reason: 'timeout' as const,
      ghost,
    }));
  }

  private noteRecovery(connection: Connection, wasMissing: boolean): void {
    const { sparedAs, server } = connection;
    if (!wasMissing && sparedAs === undefined) return;
    if (sparedAs !== undefined) server.tally.sparedGhosts[sparedAs]--;
    connection.sparedAs = undefined;
    this.parts.bus.publish('recovered', () => ({ connection: this.parts.photographer.take(connection) }));
  }
}

/** Rule R8, for a client that asks by itself: a hop has answered when the client should have asked again. */
function kindUnasked(connection: Connection): GhostKind {
  if (!connection.isPinged) return 'unknown';
  const { lastHopAt, lastPeerAt, server } = connection;
  return lastHopAt - lastPeerAt > (beatIntervalOf(server.settings) ?? 0) ? 'proxy_answered' : 'silent';
}

/** Rule R8: whose silence it is, by the protocol ping that went out right before the verdict. */
function ghostKindOf(connection: Connection, question: Question): GhostKind {
  if (!connection.isPinged) return 'unknown';
  if (question.probe !== undefined) return question.probeAnswered ? 'proxy_answered' : 'silent';
  return connection.controlBytes === question.controlBytesBefore ? 'silent' : 'proxy_answered';
}
