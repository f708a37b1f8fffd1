import type { Sendable } from './outbox.js';

/** Why a connection, or an attempt at one, was lost. That of a connection is told to the server when the client is back. */
export type LossReason =
  /** Nothing was heard for the server's interval and `graceMs`, nor after one more question. */
  | 'dead_server'
  /** The server said that it closes (`server_drain`). */
  | 'drain'
  /** The system had no network. */
  | 'offline'
  /** No handshake within `connectTimeoutMs`. */
  | 'connect_timeout'
  /** The server, or something in between, closed it with a close frame. */
  | 'closed'
  /** It ended without one. */
  | 'error';

/** Why there will be no further attempt. */
export type EndReason =
  /** `close()` was called. */
  | 'closed'
  /** The close code, or the option `reconnect`, said so. */
  | 'not_wanted'
  | 'max_retries'
  | 'authentication_failed';

/** How one connection ended, in the words of the standard `CloseEvent`. */
export interface Ending {
  readonly code: number;
  readonly reason: string;
  readonly wasClean: boolean;
}

/** An event with its fields. */
class FieldedEvent extends Event {
  constructor(type: string, fields: object) {
    super(type);
    Object.assign(this, fields);
  }
}

/** As the standard `CloseEvent`, and whether the client will come back. */
export class HealthyCloseEvent extends FieldedEvent implements Ending {
  declare readonly code: number;
  declare readonly reason: string;
  declare readonly wasClean: boolean;
  /** Milliseconds until the next attempt; `undefined` where there will be none. */
  declare readonly retryInMs: number | undefined;

  constructor(fields: Ending & { readonly retryInMs?: number }) {
    super('close', fields);
  }

  /** Whether the client will connect again by itself. */
  get willReconnect(): boolean {
    return this.retryInMs !== undefined;
  }
}

/** No further attempt will be made. Once, after the last `close`. */
export class EndEvent extends FieldedEvent {
  declare readonly reason: EndReason;

  constructor(reason: EndReason) {
    super('end', { reason });
  }
}

/** A message will not be sent: the queue is full, or the client has ended. */
export class DropEvent extends FieldedEvent {
  declare readonly data: Sendable;
  declare readonly reason: 'queue_full' | 'ended';

  constructor(data: Sendable, reason: 'queue_full' | 'ended') {
    super('drop', { data, reason });
  }
}

/** As the standard `error` event, with what is known of the cause. */
export class HealthyErrorEvent extends FieldedEvent {
  declare readonly error: unknown;

  constructor(error: unknown) {
    super('error', { error });
  }
}
