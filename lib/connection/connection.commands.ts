import type { ConnectionState } from './connection.js';
import type { ConnectionSnapshot } from './connection.snapshot.js';

/** Which connections to list. What is not given does not matter. */
export interface ConnectionFilter {
  readonly gateway?: string;
  readonly state?: ConnectionState;
  readonly identity?: string | number;
  /** At least so long without evidence of life, in milliseconds. */
  readonly minIdleMs?: number;
  /** @default all */
  readonly limit?: number;
  /** By when they were opened. @default 'oldest' first */
  readonly order?: 'oldest' | 'newest';
  /**
   * The `id` of the last connection of the page before: goes on behind it, whether it is still there or not.
   * @default from the first
   */
  readonly after?: string;
}

/** Which connections to act on: one, or all of somebody. */
export type ConnectionTarget = { readonly id: string } | { readonly identity: string | number };

/** How to disconnect. */
export interface DisconnectOptions {
  /** @default the code of `evicted`, 4003 */
  readonly code?: number;
  /** Text of the close frame, at most 123 bytes. @default 'evicted' */
  readonly reason?: string;
}

/** One sweep's orders. */
export interface SweepOrder {
  /** Close what was silent for longer than this. @default each server's own `sweep.staleAfterMs` */
  readonly staleAfterMs?: number;
  /** Only report. @default true for servers whose options say `observe`, else false */
  readonly dryRun?: boolean;
}

/** What one sweep did. */
export interface SweepReport {
  readonly at: number;
  readonly durationMs: number;
  /** The threshold that was asked for; absent when each server's own was used. */
  readonly staleAfterMs?: number;
  readonly dryRun: boolean;
  readonly examined: number;
  readonly stale: number;
  /** How many of the stale are being closed now. */
  readonly closed: number;
  /** How many were asked once more first, because so many were stale at once (R7). */
  readonly held: number;
  /** The stale, longest silent first, at most 100. */
  readonly connections: readonly ConnectionSnapshot[];
}

/** What reporters that act may do to connections: the one port through which they do. */
export interface ConnectionCommands {
  /** Closes one connection, or all of an identity, as `evicted`. @returns how many are being closed */
  disconnect(target: ConnectionTarget, options?: DisconnectOptions): Promise<number>;
  /** Sweeps now, whatever the schedule. */
  sweep(order?: SweepOrder): Promise<SweepReport>;
}
