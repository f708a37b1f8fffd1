import type { SentCloseReason } from '../protocol/close-reasons.js';
import type { HeartbeatCodec } from '../protocol/heartbeat.codec.js';

/** Who is closed for a miss: everybody, only who has ever answered, or nobody. */
export type Enforcement = 'always' | 'negotiated' | 'observe';

/** Resolved heartbeat options of one server. */
export interface HeartbeatSettings {
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly maxMissed: number;
  readonly enforce: Enforcement;
  readonly codec: HeartbeatCodec;
  readonly maxPerInterval: number;
  /** Set where the transport's library asks and judges by itself, and we look on: `socketIo: { mode: 'observe' }`. */
  readonly isTransports?: true;
}

/** Resolved protocol ping options: on a schedule of their own, or, without one, with each heartbeat. */
export interface ProtocolPingSettings {
  readonly intervalMs: number | undefined;
}

/** Resolved sweep options of one server. */
export interface SweepSettings {
  readonly intervalMs: number;
  readonly staleAfterMs: number;
  readonly closeTimeoutMs: number;
  readonly mode: 'enforce' | 'observe';
}

/** Resolved limits for slow senders and slow readers. */
export interface ProgressSettings {
  readonly minBytesPerSecond: number;
  readonly maxMessageMs: number;
  readonly minDrainBytesPerSecond: number;
  readonly maxExtraMs: number;
}

/** Resolved limits for what waits to be sent. */
export interface BackpressureSettings {
  readonly maxBufferedBytes: number;
  readonly maxAgeMs: number;
  readonly action: 'close' | 'report';
}

/** Everything that governs the connections of one server; nothing optional is left. */
export interface ConnectionSettings {
  readonly heartbeat: HeartbeatSettings | false;
  readonly protocolPing: ProtocolPingSettings | false;
  readonly tcpKeepAlive: { readonly initialDelayMs: number } | false;
  readonly sweep: SweepSettings | false;
  readonly progress: ProgressSettings;
  readonly backpressure: BackpressureSettings | false;
  /** Milliseconds between a close frame and `terminate()`. */
  readonly closeTimeoutMs: number;
  /** The code sent for each reason. */
  readonly closeCodes: Readonly<Record<SentCloseReason, number>>;
}

/** The shortest time between two questions of any kind; `undefined` where nothing is asked. */
export function beatIntervalOf({ heartbeat, protocolPing }: ConnectionSettings): number | undefined {
  if (heartbeat !== false) return heartbeat.intervalMs;
  return protocolPing === false ? undefined : protocolPing.intervalMs;
}
