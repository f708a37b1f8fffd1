/** Resolved audit options. */
export interface AuditSettings {
  readonly token: string;
}

/** What bounds the audits of one process. Times are milliseconds. */
export const AUDIT_BOUNDS = {
  /** Wrong tokens within a minute before everything is refused until the minute is over. */
  wrongTokensPerMinute: 5,
  sessionsPerMinute: 300,
  openSessions: 96,
  /** Sessions that have ended, to tell what became of them. */
  rememberedSessions: 512,
  /** A session that says nothing for longer, and has not asked for quiet, is closed. */
  silenceMs: 60_000,
  /** Upgrades of which headers are remembered until their `begin`. */
  handshakes: 1_000,
  handshakeMs: 30_000,
  headers: 64,
  headerLength: 64,
  /** What waits to be read by an audit; the largest message that can be asked for fits. */
  waitingBytes: 17 * 1024 * 1024,
  pendingPings: 8,
  seenPings: 16,
} as const;
