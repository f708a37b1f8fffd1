import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

import type { Clock } from '../../clock/clock.js';
import type { Connection } from '../../connection/connection.js';
import type { ConnectionCloser } from '../../connection/connection.closer.js';
import type { ConnectionEnd, ConnectionFollower } from '../../connection/connection.follower.js';
import { isMidMessage } from '../../connection/outflow.js';
import type { ConnectionPhotographer } from '../../connection/connection.snapshot.js';
import type { LifecycleBus } from '../../lifecycle/lifecycle.bus.js';
import {
  encodeAudit,
  recogniseAudit,
  type AuditAsk,
  type AuditRefusal,
} from '../../protocol/audit.messages.js';
import { AuditDialogue, endOf } from './audit.dialogue.js';
import { AuditSession } from './audit.session.js';
import { AUDIT_BOUNDS, type AuditSettings } from './audit.settings.js';
import { HandshakeMemory } from './handshake.memory.js';
import { SessionBook } from './session.book.js';
import { auditedSettingsOf } from './settings.in-force.js';
import { TokenGate } from './token.gate.js';

type BeginAsk = Extract<AuditAsk, { ask: 'begin' }>;

/**
 * The gateway's half of the audit: a connection that has proven the token is the audit's own from then on. None of its
 * messages reach the app, none of the app's reach it, and nobody asks or judges it. Exists only where the option is set.
 */
export class AuditDesk implements ConnectionFollower {
  /** Runs that have begun, and connections that were refused. */
  readonly counts = { began: 0, refused: 0 };

  private readonly gate: TokenGate;
  private readonly handshakes = new HandshakeMemory();
  private readonly book = new SessionBook();
  private readonly dialogue: AuditDialogue;
  private readonly node = randomBytes(6).toString('hex');
  private readonly unmute = new Map<Connection, () => void>();
  private sessions = 0;

  constructor(
    private readonly parts: {
      readonly settings: AuditSettings;
      readonly proxyIdleTimeoutMs: number | undefined;
      readonly clock: Clock;
      readonly closer: ConnectionCloser;
      readonly bus: LifecycleBus;
      readonly photographer: ConnectionPhotographer;
      /** From now on nobody asks or judges a connection. */
      readonly leaveAlone: (connection: Connection) => void;
      /** Told of what failed. */
      readonly failed: (error: unknown) => void;
    },
  ) {
    this.gate = new TokenGate(parts.settings.token);
    this.dialogue = new AuditDialogue({ clock: parts.clock, book: this.book, failed: parts.failed });
  }

  /** Whether a connection is the audit's own. */
  owns(connection: Connection): boolean {
    return this.book.of(connection) !== undefined;
  }

  /** A socket was opened by this upgrade. */
  upgraded(connection: Connection, request: IncomingMessage | undefined): void {
    if (request !== undefined) this.handshakes.note(connection, request, this.now());
  }

  /** A whole message that is no heartbeat. @returns true to keep it from the app */
  message(connection: Connection, data: Uint8Array, isBinary: boolean): boolean {
    const session = this.book.of(connection);
    const ask = recogniseAudit(data, isBinary);
    if (session === undefined && ask === undefined) return false;
    try {
      if (session === undefined || isBegin(ask)) this.begin(connection, session, ask);
      else this.dialogue.hear(session, ask ?? data.byteLength);
    } catch (error) {
      this.parts.failed(error);
    }
    return true;
  }

  /** A protocol ping or pong. */
  control(connection: Connection, kind: 'ping' | 'pong', payload: Uint8Array): void {
    const session = this.book.of(connection);
    if (session !== undefined) this.dialogue.control(session, kind, payload);
  }

  closing(connection: Connection): void {
    const session = this.book.of(connection);
    if (session !== undefined && isOurDoing(connection)) session.isEndedByUs = true;
  }

  closed(connection: Connection, end: ConnectionEnd): void {
    this.handshakes.take(connection);
    const session = this.book.of(connection);
    if (session === undefined) return;
    session.end = endOf(session, connection, end);
    session.endedAt = this.now();
    this.book.end(connection, session);
    this.unmute.delete(connection);
  }

  forgotten(connection: Connection): void {
    this.handshakes.take(connection);
    this.unmute.get(connection)?.();
    this.unmute.delete(connection);
    const session = this.book.of(connection);
    if (session !== undefined) this.book.end(connection, session);
  }

  /** Does what is due. */
  tick(): void {
    const now = this.now();
    this.handshakes.forgetOld(now);
    for (const session of this.book) this.dialogue.tick(session, now);
  }

  private begin(
    connection: Connection,
    before: AuditSession | undefined,
    ask: AuditAsk | 'malformed' | undefined,
  ): void {
    // What was sent in one go with the question that was refused is refused with it.
    if (connection.state !== 'open') return;
    const begin = isBegin(ask) ? ask : undefined;
    const refusal = this.refusalOf(connection, begin);
    if (refusal !== undefined || begin === undefined) this.refuse(connection, refusal ?? 'token', begin?.id);
    else this.welcome(connection, before, begin);
  }

  private refusalOf(connection: Connection, begin: BeginAsk | undefined): AuditRefusal | undefined {
    const isUnderWay = begin !== undefined && this.book.knowsRun(begin.run);
    const refusal = this.gate.check(begin?.token, this.now(), isUnderWay);
    if (refusal !== undefined) return refusal;
    // Our answer would end up inside a message that the app has begun (R9).
    if (isMidMessage(connection)) return 'malformed';
    return this.book.openCount >= AUDIT_BOUNDS.openSessions ? 'too_many' : undefined;
  }

  private refuse(connection: Connection, refused: AuditRefusal, id: number | undefined): void {
    this.counts.refused++;
    const { socket, server } = connection;
    if (socket !== undefined && !isMidMessage(connection) && server.driver.isOpen(socket))
      server.driver.send(socket, encodeAudit(id === undefined ? { refused } : { id, refused }));
    const { bus, photographer, closer } = this.parts;
    bus.publish('audit_refused', () => ({ connection: photographer.take(connection), why: refused }));
    closer.close(connection, { reason: 'abuse' });
  }

  private welcome(connection: Connection, before: AuditSession | undefined, { id, run }: BeginAsk): void {
    const { socket, server } = connection;
    if (socket === undefined || !server.driver.isOpen(socket)) return;
    const isNewRun = !this.book.knowsRun(run);
    const session = new AuditSession(`${this.node}-${++this.sessions}`, run, connection, this.now());
    if (before !== undefined) this.handOn(connection, before, session);
    else {
      this.parts.leaveAlone(connection);
      this.unmute.set(connection, server.driver.mute(socket));
    }
    this.book.add(connection, session);
    const handshake = this.handshakes.take(connection);
    const { extensions, maxPayload } = server.driver.agreedWith(socket);
    this.dialogue.answer(session, {
      id,
      begun: {
        session: session.id,
        node: this.node,
        headers: handshake?.headers ?? null,
        key: handshake?.key ?? null,
        extensions,
        maxPayload: maxPayload ?? null,
        settings: auditedSettingsOf(server.settings, this.parts.proxyIdleTimeoutMs),
        reusedFrom: before?.id ?? null,
      },
    });
    if (isNewRun) this.announce(connection);
  }

  private announce(connection: Connection): void {
    const { bus, photographer } = this.parts;
    this.counts.began++;
    bus.publish('audit_began', () => ({ connection: photographer.take(connection) }));
  }

  /** Somebody in between has given the connection of one client to the next. */
  private handOn(connection: Connection, before: AuditSession, session: AuditSession): void {
    before.end = { state: 'handed_on', to: session.id };
    before.endedAt = this.now();
    this.book.end(connection, before);
  }

  private now(): number {
    return this.parts.clock.monotonic();
  }
}

/** Whether a close that has just begun was begun on this side, by the app for example: nothing of the kind has come. */
function isOurDoing({ socket, server, raw }: Connection): boolean {
  if (raw?.readableEnded === true || (raw?.errored ?? null) !== null) return false;
  return socket !== undefined && !server.driver.wasToldToClose(socket);
}

function isBegin(ask: AuditAsk | 'malformed' | undefined): ask is BeginAsk {
  return typeof ask === 'object' && ask.ask === 'begin';
}
