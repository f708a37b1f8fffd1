import { NEVER, type AwakeClock } from '../clock/awake.clock.js';
import type { Clock } from '../clock/clock.js';
import { boundedText } from '../connection/bounded.text.js';
import type { Connection, Question } from '../connection/connection.js';
import type { HeartbeatSettings } from '../connection/connection.settings.js';
import { isMidMessage, isOwnFrameWaiting, isWaiting } from '../connection/outflow.js';
import {
  MAX_ECHO,
  type ClientAsk,
  type PassingMessage,
  type RecognisedHeartbeat,
} from '../protocol/heartbeat.codec.js';
import { MAX_HEARTBEAT_BYTES } from '../protocol/messages.js';
import type { BeatWriter } from './beat.writer.js';
import { asksByItself, bytesOrText, isWireOpen, notePassing } from './wire.js';

const MAX_STATE = 32;
/** Weight of a new latency in the smoothed one, as in TCP's round-trip estimate (RFC 6298: 1/8). */
const SMOOTHING = 1 / 8;
const MAX_RESUME_REASON = 64;
/** Bytes of a masked control frame before its payload: two of header, four of mask (RFC 6455 section 5.2). */
const CONTROL_OVERHEAD = 6;

/** What the filter tells the rest. */
export interface HeartbeatListener {
  /** A ping of ours was answered; `latencyMs` is absent for an answer that came too late to count as one. */
  answered(connection: Connection, question: Question, latencyMs: number | undefined): void;
  /** A client has asked by itself, on a wire where that is how it shows that it is there. */
  asked(connection: Connection): void;
  /** A client has shown that it speaks heartbeats, and nothing else. */
  spoke(connection: Connection): void;
  resumed(connection: Connection, resume: { reason?: string; offlineMs?: number; attempts?: number }): void;
  /** The client sends more heartbeats by itself than it may (R10). */
  flooded(connection: Connection): void;
}

/** Everything that arrives on a socket passes here first: evidence is noted, heartbeats go no further (R1, R9). */
export class InboundFilter {
  /** Heartbeats that named no time. */
  malformed = 0;

  constructor(
    private readonly parts: {
      readonly clock: Clock;
      readonly awake: AwakeClock;
      readonly writer: BeatWriter;
      readonly listener: HeartbeatListener;
      /** Told of a codec that threw. */
      readonly failed: (error: unknown) => void;
    },
  ) {}

  /** A whole message. @returns true to keep it from the app */
  message(connection: Connection, data: Uint8Array, isBinary: boolean): boolean {
    const { heartbeat } = connection.server.settings;
    if (heartbeat !== false) this.creditUpload(connection, heartbeat);
    connection.lastPeerAt = this.parts.awake.now();
    connection.messages++;
    const bytes = bytesOf(data);
    if (heartbeat === false || bytes === undefined) return false;
    this.passed(connection, heartbeat, 'client', bytes, isBinary);
    if (bytes.byteLength > MAX_HEARTBEAT_BYTES) return false;
    const recognised = this.recognise(heartbeat, bytes, isBinary);
    if (recognised === undefined) return false;
    if (recognised.kind === 'spoken') {
      connection.hasAnswered = true;
      this.parts.listener.spoke(connection);
      return false;
    }
    this.take(connection, heartbeat, recognised);
    return true;
  }

  /** Something of the peer's that its transport's library keeps to itself. */
  heard(connection: Connection): void {
    connection.lastPeerAt = this.parts.awake.now();
    connection.messages++;
  }

  /** An answer that does not say what it answers: they come in the order of the questions. */
  answeredInTurn(connection: Connection): void {
    this.heard(connection);
    const { question, server } = connection;
    const { heartbeat } = server.settings;
    if (connection.owedAnswers === 0) {
      if (heartbeat !== false && this.isFlood(connection, heartbeat)) this.parts.listener.flooded(connection);
      return;
    }
    connection.owedAnswers--;
    // An earlier one's proves life, but clears nothing and measures nothing.
    if (connection.owedAnswers === 0 && question?.wasSent === true)
      this.answered(connection, question, undefined);
  }

  /** The app has sent a message: on a wire that begins with a handshake, it may be the reply. */
  sent(connection: Connection, data: unknown, options: unknown): void {
    const { heartbeat } = connection.server.settings;
    if (heartbeat === false || isWireOpen(connection, heartbeat.codec)) return;
    const sent = bytesOrText(data);
    const isBinary = (options as { binary?: unknown } | undefined)?.binary ?? typeof data !== 'string';
    if (sent !== undefined) this.passed(connection, heartbeat, 'app', sent, isBinary === true);
  }

  /** A protocol ping or pong. */
  control(connection: Connection, payload: Uint8Array): void {
    connection.lastHopAt = this.parts.awake.now();
    connection.controlBytes += CONTROL_OVERHEAD + payload.byteLength;
    const { question, lonePing } = connection;
    if (lonePing !== undefined && sameBytes(lonePing, payload)) {
      connection.lonePing = undefined;
      connection.confirmedBytes = connection.lonePingEnd;
    }
    if (question?.probe !== undefined && sameBytes(question.probe, payload)) question.probeAnswered = true;
  }

  /** The app's own message is complete: what had to wait for that may go out. */
  messageFinished(connection: Connection): void {
    const { owedPong } = connection;
    const { heartbeat } = connection.server.settings;
    if (owedPong === undefined || heartbeat === false) return;
    connection.owedPong = undefined;
    this.pong(connection, owedPong);
  }

  private passed(
    connection: Connection,
    { codec }: HeartbeatSettings,
    from: PassingMessage['from'],
    data: string | Uint8Array,
    isBinary: boolean,
  ): void {
    if (isWireOpen(connection, codec)) return;
    try {
      notePassing(connection, codec, { from, data, isBinary });
    } catch (error) {
      this.parts.failed(error);
    }
  }

  /** A codec of the app's own may fail (R11): what it could not read is not ours to keep. */
  private recognise(
    heartbeat: HeartbeatSettings,
    data: Uint8Array,
    isBinary: boolean,
  ): RecognisedHeartbeat | undefined {
    try {
      return heartbeat.codec.recognise(data, isBinary);
    } catch (error) {
      this.parts.failed(error);
      return undefined;
    }
  }

  private take(connection: Connection, heartbeat: HeartbeatSettings, recognised: RecognisedHeartbeat): void {
    const { question } = connection;
    const isAnswer = recognised.kind === 'answer';
    const isOwed = isAnswer && connection.owedAnswers > 0;
    if (isOwed) connection.owedAnswers--;
    if (isAnswer && recognised.ts === question?.ts) {
      this.answered(connection, question, recognised.state);
      return;
    }
    // Late answers come in a bunch, when a frozen client wakes or at the end of an upload: they are no flood.
    if (!isOwed && this.isFlood(connection, heartbeat)) {
      this.parts.listener.flooded(connection);
      return;
    }
    if (recognised.kind === 'ask') this.asked(connection, heartbeat, recognised);
    else if (recognised.kind === 'malformed') this.malformed++;
    else if (recognised.kind === 'resume') this.parts.listener.resumed(connection, bounded(recognised));
  }

  /** What a client had to keep back while it sent one long message comes behind it in one moment: no flood (R10). */
  private creditUpload(connection: Connection, { intervalMs, maxPerInterval }: HeartbeatSettings): void {
    const { upload, messages } = connection;
    if (upload?.messagesBefore !== messages) return;
    // It was first seen up to an interval after it had begun.
    const keptMs = this.parts.awake.now() - upload.since + intervalMs;
    connection.unasked -= Math.ceil((maxPerInterval * keptMs) / intervalMs);
  }

  /** Counts a heartbeat that nobody asked for. What a client sent while we did not listen arrives in one moment. */
  private isFlood(connection: Connection, { intervalMs, maxPerInterval }: HeartbeatSettings): boolean {
    if (++connection.unasked <= maxPerInterval) return false;
    const { awake } = this.parts;
    const deafMs = awake.creditedSince(awake.now() - intervalMs);
    return connection.unasked > maxPerInterval * (1 + deafMs / intervalMs);
  }

  private answered(connection: Connection, question: Question, state: string | undefined): void {
    if (state !== undefined) connection.clientState = boundedText(state, MAX_STATE);
    connection.hasAnswered = true;
    const latencyMs = this.parts.clock.monotonic() - question.sentAt;
    if (!question.isMissed) noteLatency(connection, latencyMs);
    this.parts.listener.answered(connection, question, question.isMissed ? undefined : latencyMs);
  }

  private asked(connection: Connection, { codec }: HeartbeatSettings, ask: ClientAsk): void {
    if (asksByItself(codec)) {
      connection.hasAnswered = true;
      this.parts.listener.asked(connection);
    }
    if ((ask.echo?.length ?? 0) > MAX_ECHO) this.malformed++;
    else this.pong(connection, ask);
  }

  private pong(connection: Connection, ask: ClientAsk): void {
    if (isMidMessage(connection)) {
      connection.owedPong = ask;
      return;
    }
    // Behind a frame of ours that waits, one answer may wait as well; more would only add to the pile.
    if (isOwnFrameWaiting(connection) && isWaiting(connection, connection.pongEnd)) return;
    const { ts = this.parts.clock.epoch(), echo } = ask;
    this.parts.writer.tell(connection, { type: 'server_pong', ts, ...(echo === undefined ? {} : { echo }) });
    connection.pongEnd = connection.ownFrameEnd;
  }
}

/** The bytes of a message, whatever the app's `binaryType`; `undefined` for a list of fragments, which is the app's. */
function bytesOf(data: unknown): Uint8Array | undefined {
  if (data instanceof Uint8Array) return data;
  return data instanceof ArrayBuffer ? new Uint8Array(data) : undefined;
}

function noteLatency(connection: Connection, latencyMs: number): void {
  const { averageLatencyMs } = connection;
  connection.latencyMs = latencyMs;
  connection.averageLatencyMs =
    averageLatencyMs === NEVER ? latencyMs : averageLatencyMs + (latencyMs - averageLatencyMs) * SMOOTHING;
}

function bounded(resume: Extract<RecognisedHeartbeat, { kind: 'resume' }>): {
  reason?: string;
  offlineMs?: number;
  attempts?: number;
} {
  const { reason, offlineMs, attempts } = resume;
  return {
    reason: reason === undefined ? undefined : boundedText(reason, MAX_RESUME_REASON),
    offlineMs,
    attempts,
  };
}

function sameBytes(one: Uint8Array, other: Uint8Array): boolean {
  return one.byteLength === other.byteLength && one.every((byte, at) => byte === other[at]);
}
