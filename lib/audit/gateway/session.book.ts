import type { Connection } from '../../connection/connection.js';
import { AUDIT_BOUNDS } from './audit.settings.js';
import type { AuditSession } from './audit.session.js';

/** Every session that is open, and the latest that have ended. */
export class SessionBook {
  private readonly byConnection = new Map<Connection, AuditSession>();
  /** In the order they began. */
  private readonly byId = new Map<string, AuditSession>();

  get openCount(): number {
    return this.byConnection.size;
  }

  /** Those that are open. */
  [Symbol.iterator](): IterableIterator<AuditSession> {
    return this.byConnection.values();
  }

  of(connection: Connection): AuditSession | undefined {
    return this.byConnection.get(connection);
  }

  withId(id: string): AuditSession | undefined {
    return this.byId.get(id);
  }

  /** Whether a run has begun any session that is still remembered. */
  knowsRun(run: string): boolean {
    return [...this.byId.values()].some((session) => session.run === run);
  }

  add(connection: Connection, session: AuditSession): void {
    this.byConnection.set(connection, session);
    this.byId.set(session.id, session);
    for (const [id, { end }] of this.byId) {
      if (this.byId.size <= AUDIT_BOUNDS.rememberedSessions) return;
      if (end !== undefined) this.byId.delete(id);
    }
  }

  /** The session of a connection is over. */
  end(connection: Connection, session: AuditSession): void {
    if (this.byConnection.get(connection) === session) this.byConnection.delete(connection);
    session.connection = undefined;
    session.pings.clear();
    session.drip = undefined;
  }
}
