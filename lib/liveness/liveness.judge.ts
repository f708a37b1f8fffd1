import { NEVER, type AwakeTime } from '../clock/awake.clock.js';
import type { ConnectionCloser } from '../connection/connection.closer.js';
import type { Connection, GhostKind, Question } from '../connection/connection.js';
import type { ConnectionPhotographer } from '../connection/connection.snapshot.js';
import { observeOutflow } from '../connection/outflow.js';
import type { HeartbeatEngine } from '../heartbeat/heartbeat.engine.js';
import type { LifecycleBus } from '../lifecycle/lifecycle.bus.js';
import { judgeQuestion, type Verdict } from './liveness.policy.js';
import { noteUpload } from './upload.progress.js';

/** Looks for answers and draws the consequences: the thin effects around `judgeQuestion`. */
export class LivenessJudge {
  /** Connections whose time seems to be over. They are judged once more after another poll phase. */
  private suspects: Connection[] = [];

  constructor(
    private readonly parts: {
      readonly engine: HeartbeatEngine;
      readonly closer: ConnectionCloser;
      readonly bus: LifecycleBus;
      readonly photographer: ConnectionPhotographer;
      readonly stalls: () => number;
      /** Runs after the next poll phase. */
      readonly afterPoll: (run: (now: AwakeTime) => void) => void;
    },
  ) {}

  /** Looks whether a question was answered. */
  look(connection: Connection, question: Question, now: AwakeTime): void {
    const verdict = this.verdictOn(connection, question, now);
    if (verdict.kind === 'missed') this.suspect(connection);
    else this.carryOut(verdict, connection, question, now);
  }

  /** A question was answered with its own `ts`. */
  answered(connection: Connection, question: Question, now: AwakeTime): void {
    connection.confirmedBytes = question.bytesAtEnd ?? connection.confirmedBytes;
    connection.question = undefined;
    const wasMissing = connection.missed > 0;
    connection.missed = 0;
    this.parts.engine.rest(connection, now);
    this.noteRecovery(connection, wasMissing);
  }

  private suspect(connection: Connection): void {
    // What arrived while this pass was under way, and what `ws` hands on in the next turn, still counts.
    if (this.suspects.push(connection) === 1) this.parts.afterPoll((now) => this.judgeSuspects(now));
  }

  private judgeSuspects(now: AwakeTime): void {
    const suspects = this.suspects;
    this.suspects = [];
    for (const connection of suspects) {
      const { question } = connection;
      if (question === undefined || connection.state !== 'open') continue;
      const verdict = this.verdictOn(connection, question, now);
      this.carryOut(verdict, connection, question, now);
    }
  }

  private carryOut(verdict: Verdict, connection: Connection, question: Question, now: AwakeTime): void {
    const { engine } = this.parts;
    if (verdict.kind === 'wait') this.waitFor(verdict.until, connection, question, now);
    else if (verdict.kind === 'repeat') engine.ask(connection, now, true);
    else if (verdict.kind === 'missed') this.miss(connection, question, now);
    else {
      connection.question = undefined;
      engine.rest(connection, now);
      this.noteRecovery(connection, false);
    }
  }

  private verdictOn(connection: Connection, question: Question, now: AwakeTime): Verdict {
    const { heartbeat, progress } = connection.server.settings;
    if (heartbeat === false) return { kind: 'alive' };
    if (question.handedOverAt === NEVER) this.parts.engine.noteHandOver(connection, question, now);
    const isPaused = connection.isPaused || connection.raw?.isPaused?.() === true;
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
    connection.missed++;
    this.parts.engine.rest(connection, now);
    this.parts.bus.publish('missed', () => ({ connection: this.parts.photographer.take(connection), ghost }));
    if (connection.missed < heartbeat.maxMissed) return;
    if (heartbeat.enforce === 'observe') this.spare(connection);
    else this.parts.closer.close(connection, { reason: 'timeout', ghost });
  }

  private spare(connection: Connection): void {
    if (connection.wasSpared) return;
    connection.wasSpared = true;
    this.parts.bus.publish('spared', () => ({
      connection: this.parts.photographer.take(connection),
      reason: 'timeout' as const,
    }));
  }

  private noteRecovery(connection: Connection, wasMissing: boolean): void {
    if (!wasMissing && !connection.wasSpared) return;
    connection.wasSpared = false;
    this.parts.bus.publish('recovered', () => ({ connection: this.parts.photographer.take(connection) }));
  }
}

/** Rule R8: whose silence it is, by the protocol ping that went out right before the verdict. */
function ghostKindOf(connection: Connection, question: Question): GhostKind {
  if (connection.server.settings.protocolPing === false) return 'unknown';
  if (question.probe !== undefined) return question.probeAnswered ? 'proxy_answered' : 'silent';
  return connection.controlBytes === question.controlBytesBefore ? 'silent' : 'proxy_answered';
}
