import type { Clock } from '../../clock/clock.js';
import type { Connection } from '../../connection/connection.js';
import type { ConnectionEnd } from '../../connection/connection.follower.js';
import { encodeAudit, type AuditAnswer, type AuditAsk } from '../../protocol/audit.messages.js';
import type { AuditSession } from './audit.session.js';
import { AUDIT_BOUNDS } from './audit.settings.js';
import type { SessionBook } from './session.book.js';

const NORMAL = 1000;
const GONE_TEXT = 'audit over';
/** What a socket reports that ended without a close frame (RFC 6455 section 7.1.5). */
const ABNORMAL = 1006;

type AskOf<Ask extends AuditAsk['ask']> = Extract<AuditAsk, { ask: Ask }>;

/** Answers the questions of sessions that have begun. */
export class AuditDialogue {
  constructor(
    private readonly parts: {
      readonly clock: Clock;
      readonly book: SessionBook;
      readonly failed: (error: unknown) => void;
    },
  ) {}

  /** @param heard a question, or the size of a message that is none */
  hear(session: AuditSession, heard: AuditAsk | 'malformed' | number): void {
    const now = this.parts.clock.monotonic();
    session.lastHeardAt = now;
    // Quiet is quiet: what arrives meanwhile is traffic, one way.
    if (now < session.quietUntil) return;
    if (typeof heard === 'number') this.answer(session, { got: heard });
    else if (heard === 'malformed') this.answer(session, { refused: 'malformed' });
    else this.reply(session, heard, now);
  }

  control(session: AuditSession, kind: 'ping' | 'pong', payload: Uint8Array): void {
    const nonce = Buffer.from(payload).toString('latin1');
    const now = this.parts.clock.monotonic();
    if (kind === 'ping') {
      session.lastHeardAt = now;
      session.seen.push(nonce);
      if (session.seen.length > AUDIT_BOUNDS.seenPings) session.seen.shift();
      return;
    }
    const ping = session.pings.get(nonce);
    if (ping === undefined) return;
    session.pings.delete(nonce);
    this.answer(session, { id: ping.id, pong: true, ms: now - ping.sentAt });
  }

  /** Does what is due for a session. */
  tick(session: AuditSession, now: number): void {
    for (const [nonce, { id, deadline }] of session.pings) {
      if (now < deadline) continue;
      session.pings.delete(nonce);
      this.answer(session, { id, pong: false });
    }
    const { drip } = session;
    if (drip !== undefined && now >= session.quietUntil) session.drip = undefined;
    else if (drip !== undefined && now >= drip.nextAt) {
      drip.nextAt = now + drip.everyMs;
      this.answer(session, { drip: ++drip.count });
    }
    if (session.isAbandoned(now)) close(session, NORMAL, GONE_TEXT);
  }

  /** Sends an answer, as far as there is somebody to send it to. */
  answer({ connection }: AuditSession, answer: AuditAnswer): void {
    this.send(connection, encodeAudit(answer));
  }

  private reply(session: AuditSession, ask: AuditAsk, now: number): void {
    const { id } = ask;
    if (ask.ask === 'echo') this.answer(session, { id, echo: true });
    else if (ask.ask === 'ping') this.ping(session, ask, now);
    else if (ask.ask === 'saw') this.answer(session, { id, saw: session.seen.includes(ask.nonce) });
    else if (ask.ask === 'quiet') this.beQuiet(session, ask, now);
    else if (ask.ask === 'frame') this.sendFrame(session, ask);
    else if (ask.ask === 'close') close(session, ask.code, ask.reason);
    else if (ask.ask === 'terminate') terminate(session);
    else if (ask.ask === 'fate') this.answer(session, { id, fate: this.fateOf(ask.session, now) });
    else if (ask.ask === 'end') this.answer(session, { id, ended: this.endRun(session) });
  }

  private ping(session: AuditSession, { id, nonce, waitMs }: AskOf<'ping'>, now: number): void {
    const { connection } = session;
    if (session.pings.size >= AUDIT_BOUNDS.pendingPings || connection?.socket === undefined) {
      this.answer(session, { id, refused: 'too_many' });
      return;
    }
    session.pings.set(nonce, { id, sentAt: now, deadline: now + waitMs });
    connection.server.driver.ping(connection.socket, Buffer.from(nonce, 'latin1'));
  }

  private sendFrame({ connection }: AuditSession, { id, bytes }: AskOf<'frame'>): void {
    const { socket, server } = connection ?? {};
    const waiting = socket === undefined || server === undefined ? 0 : server.driver.bufferedBytes(socket);
    if (waiting + bytes <= AUDIT_BOUNDS.waitingBytes) this.send(connection, new Uint8Array(bytes));
    else this.send(connection, encodeAudit({ id, refused: 'too_many' }));
  }

  private beQuiet(session: AuditSession, { id, ms, dripEveryMs }: AskOf<'quiet'>, now: number): void {
    this.answer(session, { id, quietMs: ms });
    session.quietUntil = now + ms;
    session.drip =
      dripEveryMs === undefined ? undefined : { everyMs: dripEveryMs, nextAt: now + dripEveryMs, count: 0 };
  }

  private fateOf(id: string, now: number): ReturnType<AuditSession['fate']> {
    return this.parts.book.withId(id)?.fate(now) ?? { state: 'unknown' };
  }

  /** Closes the other sessions of a run. @returns how many there were */
  private endRun(asker: AuditSession): number {
    const others = [...this.parts.book].filter((other) => other !== asker && other.run === asker.run);
    for (const other of others) close(other, NORMAL, GONE_TEXT);
    return others.length;
  }

  private send(connection: Connection | undefined, frame: string | Uint8Array): void {
    const { socket, server } = connection ?? {};
    if (socket === undefined || server === undefined || !server.driver.isOpen(socket)) return;
    // Whoever asks and never reads must not fill our memory with answers.
    if (server.driver.bufferedBytes(socket) > AUDIT_BOUNDS.waitingBytes) return;
    try {
      server.driver.send(socket, frame);
    } catch (error) {
      this.parts.failed(error);
    }
  }
}

/** How a session ended, by how its connection did. */
export function endOf(
  session: AuditSession,
  connection: Connection,
  { receivedCode, receivedText, errorCode }: ConnectionEnd,
): NonNullable<AuditSession['end']> {
  const isOurs = session.isEndedByUs || connection.closing !== undefined;
  const isFramed = receivedCode !== ABNORMAL;
  return {
    state: 'closed',
    code: receivedCode,
    reason: receivedText,
    by: isOurs ? 'gateway' : isFramed ? 'peer' : 'nobody',
    agoMs: 0,
    errorCode: errorCode ?? null,
  };
}

function close(session: AuditSession, code: number, text: string): void {
  const { socket, server } = session.connection ?? {};
  if (socket === undefined || server === undefined) return;
  session.isEndedByUs = true;
  server.driver.close(socket, code, text);
}

function terminate(session: AuditSession): void {
  const { socket, server } = session.connection ?? {};
  if (socket === undefined || server === undefined) return;
  session.isEndedByUs = true;
  server.driver.terminate(socket);
}
