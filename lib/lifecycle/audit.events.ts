import type { ConnectionEventBase } from './lifecycle.events.js';

/** Somebody who knows the token audits the way to this gateway; told of the first connection of each run. */
export type AuditBeganEvent = ConnectionEventBase<'audit_began'>;

/** Somebody asked for an audit and was refused; the connection is being closed. */
export interface AuditRefusedEvent extends ConnectionEventBase<'audit_refused'> {
  readonly why: 'token' | 'rate_limited' | 'too_many' | 'malformed';
}
