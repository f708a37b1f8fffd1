import type { Connection } from '../../connection/connection.js';
import type { AuditFate } from '../../protocol/audit.messages.js';
import { AUDIT_BOUNDS } from './audit.settings.js';

/** A protocol ping whose pong is waited for. */
export interface PendingPing {
  readonly id: number;
  readonly sentAt: number;
  readonly deadline: number;
}

/** What an audit does on one connection. Plain state; times are monotonic milliseconds. */
export class AuditSession {
  lastHeardAt: number;
  /** Nothing is sent before; what was asked for as a drip excepted. */
  quietUntil = -Infinity;
  drip: { readonly everyMs: number; nextAt: number; count: number } | undefined = undefined;
  /** By payload. */
  readonly pings = new Map<string, PendingPing>();
  /** Payloads of the protocol pings that arrived, the latest last. */
  readonly seen: string[] = [];
  /** Whether the audit asked us to end it. */
  isEndedByUs = false;
  /** What became of it; `undefined` while it is open. */
  end: Extract<AuditFate, { state: 'closed' | 'handed_on' }> | undefined = undefined;
  endedAt = 0;

  constructor(
    readonly id: string,
    readonly run: string,
    /** `undefined` once it has ended. */
    public connection: Connection | undefined,
    now: number,
  ) {
    this.lastHeardAt = now;
  }

  /** Whether it has neither spoken nor asked for quiet for too long. */
  isAbandoned(now: number): boolean {
    return now > Math.max(this.lastHeardAt, this.quietUntil) + AUDIT_BOUNDS.silenceMs;
  }

  fate(now: number): AuditFate {
    const { end, connection } = this;
    if (end === undefined) return { state: connection?.state === 'closing' ? 'closing' : 'open' };
    return end.state === 'closed' ? { ...end, agoMs: now - this.endedAt } : end;
  }
}
