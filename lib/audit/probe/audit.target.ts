/** Where an audit connects to, and how. */
export interface AuditTarget {
  readonly url: string;
  readonly token: string;
  /** Tells the connections of this audit from those of another. */
  readonly run: string;
  /** Patience for what may never come, in milliseconds. */
  readonly waitMs: number;
  /** Sent with each upgrade, besides the audit's own. */
  readonly headers: Readonly<Record<string, string>>;
  readonly protocols: readonly string[];
  /** Takes any certificate. */
  readonly insecure: boolean;
}

/** No audit takes place. The message is for the user. */
export class AuditImpossibleError extends Error {
  override readonly name = 'AuditImpossibleError';

  constructor(
    readonly code: 'UNREACHABLE' | 'UPGRADE_REFUSED' | 'CLOSED' | 'NO_ANSWER' | 'REFUSED',
    message: string,
  ) {
    super(message);
  }
}
