import type { IncomingMessage } from 'node:http';

import type { CanActivate, Type } from '@nestjs/common';
import type { Registry } from 'prom-client';

import type { Clock } from './clock/clock.js';
import type { Enforcement } from './connection/connection.settings.js';
import type { TrustProxy } from './connection/peer.reader.js';
import type { FleetStore } from './fleet/fleet.store.js';
import type { LogLevel } from './lifecycle/lifecycle.catalogue.js';
import type { SentCloseReason } from './protocol/close-reasons.js';
import type { HeartbeatCodec } from './protocol/heartbeat.codec.js';

/** The wires that come with the package. */
export type CodecName = 'json' | 'nest' | 'phoenix' | 'signalr' | 'graphql-ws';

/** Application-level pings and their answers. All times are milliseconds. */
export interface HeartbeatOptions {
  /**
   * Between two pings to one connection; where the clients ask by themselves, between two of theirs at most.
   * @default 30_000, or what the codec says
   */
  intervalMs?: number;
  /**
   * How long to wait for an answer, or for anything else from the peer. Below `intervalMs`.
   * @default ⅔ of `intervalMs`
   */
  timeoutMs?: number;
  /**
   * Heartbeats missed before the connection is closed with `timeout`.
   * @default 1
   */
  maxMissed?: number;
  /**
   * Who is closed for a miss: everybody; only who has ever answered a heartbeat (others live by protocol pongs); nobody.
   * @default 'always'
   */
  enforce?: Enforcement;
  /**
   * The wire that the clients speak: one that comes with the package, or an object that knows another.
   * @default 'json'
   */
  codec?: CodecName | HeartbeatCodec;
  /**
   * Heartbeats that a client may send by itself in one interval before it is closed with `abuse`, which is final for some:
   * more than `intervalMs` divided by the time between two of theirs.
   * @default 20
   */
  maxPerInterval?: number;
}

/** RFC 6455 pings. */
export interface ProtocolPingOptions {
  /** Between two pings to one connection. @default with each heartbeat, or 30_000 where there is none */
  intervalMs?: number;
}

/** The scheduled pass over all connections. */
export interface SweepOptions {
  /** Between two sweeps. @default 2 × the heartbeat interval */
  intervalMs?: number;
  /**
   * Closes what gave no evidence of life for longer than this. Above `maxMissed × intervalMs + timeoutMs`.
   * @default max(3 × interval, maxMissed × interval + timeout + a tick)
   */
  staleAfterMs?: number;
  /** Between a close frame, whoever sent it, and `terminate()`. @default 5_000 */
  closeTimeoutMs?: number;
  /** `observe` only reports. @default 'enforce' */
  mode?: 'enforce' | 'observe';
}

/** Limits for slow senders and slow readers. */
export interface ProgressOptions {
  /** A message that is still arriving counts as life above this speed. @default 64 */
  minBytesPerSecond?: number;
  /** …and for at most so long. @default 600_000 */
  maxMessageMs?: number;
  /** The speed at which the slowest healthy client reads what we send it. @default 32_768 */
  minDrainBytesPerSecond?: number;
  /** The longest time that a heartbeat waits for such a reader in addition. @default 60_000 */
  maxExtraMs?: number;
}

/** Limits for what waits to be sent to one connection. */
export interface BackpressureOptions {
  /** @default 1 MiB */
  maxBufferedBytes?: number;
  /** Age of the oldest byte that waits. @default 30_000 */
  maxAgeMs?: number;
  /** `close` closes with 4002. @default 'report' */
  action?: 'close' | 'report';
}

/** When to suspect ourselves, not the clients. */
export interface MassTimeoutOptions {
  /** Share of the connections asked within a window that must be silent at once. @default 0.5 */
  ratio?: number;
  /** Fewer connections than this are no mass. @default 50 */
  minConnections?: number;
}

/** When to suspect a leak of connections. */
export interface LeakOptions {
  /** Connections gained in an hour beyond the identities gained. @default 100 */
  growthPerHour?: number;
  /** Share of the connections without evidence of life for five minutes. @default 0.5 */
  staleRatio?: number;
  /** Connections closed as `timeout` or `stale_sweep` in an hour, as a rate that lasts. @default 60 */
  ghostsPerHour?: number;
  /** Fewer connections than this say nothing. @default 50 */
  minSample?: number;
}

/** Prometheus metrics by `prom-client`. */
export interface MetricsOptions {
  /** @default the default registry of prom-client */
  registry?: Registry;
  /** Put before every name. @default none */
  prefix?: string;
}

/** What is served under `diagnostics.path`. */
export interface DiagnosticsOptions {
  /** @default 'connection-health' */
  path?: string;
  /** Guards of all its routes: classes, whose dependencies come from `imports`, or instances. @default none */
  guards?: readonly (Type<CanActivate> | CanActivate)[];
  /** Serves single connections with addresses and identities, and lets them be evicted and swept; needs guards. @default false */
  details?: boolean;
  /** Serves the live page at `…/dashboard`. @default true */
  dashboard?: boolean;
  /** Serves Prometheus text at `…/metrics`. @default true */
  metrics?: boolean;
}

/** How everybody is sent away when the app closes. */
export interface DrainOptions {
  /** Between "not ready" and the first close, for load balancers to notice. @default 0 */
  readinessDelayMs?: number;
  /** Time over which the closes are spread. @default 5_000 */
  spreadMs?: number;
  /** The longest the whole may take. @default 10_000 */
  timeoutMs?: number;
  /** Time over which the clients are asked to come back. @default 30_000 */
  reconnectSpreadMs?: number;
}

/** What `@ConnectionHealth()` and `watch()` can override. */
export interface GatewayHealthOptions {
  /** `false` sends no heartbeats; life is then judged by protocol pings. */
  heartbeat?: HeartbeatOptions | false;
  /** @default true */
  protocolPing?: ProtocolPingOptions | boolean;
  /** `false` never sweeps. */
  sweep?: SweepOptions | false;
  progress?: ProgressOptions;
  /** `false` does not look. */
  backpressure?: BackpressureOptions | false;
}

/** Options of `ConnectionHealthModule`. Every one is optional; what is not given is derived from what is. */
export interface ConnectionHealthModuleOptions extends GatewayHealthOptions {
  /** TCP keepalive of each socket. @default { initialDelayMs: 30_000 } */
  tcpKeepAlive?: { initialDelayMs?: number } | false;
  /** `false` carries every verdict out at once. */
  massTimeout?: MassTimeoutOptions | false;
  /** `false` looks for no leaks. */
  leak?: LeakOptions | false;
  /** `false` keeps no metrics. */
  metrics?: MetricsOptions | false;
  /** `false` leaves everybody to be cut off when the app closes. */
  drain?: DrainOptions | false;
  /** When the proxies in between cut idle connections; boot warns if `intervalMs` is over half of it. @default none */
  proxyIdleTimeoutMs?: number;
  /**
   * Says who a connection belongs to, from the socket and its upgrade request: a text or a number, now or as a promise.
   * The request is `undefined` for sockets that were open before they were watched.
   */
  identify?(client: object, request: IncomingMessage | undefined): unknown;
  /** Which proxies' `X-Forwarded-For` to believe, as Express' `trust proxy`. @default false */
  trustProxy?: TrustProxy;
  /** `decorated` watches only gateways that carry `@ConnectionHealth()`. @default 'all' */
  gateways?: 'all' | 'decorated';
  /** Close codes that differ from `CLOSE_REASONS`. @default none */
  closeCodes?: Partial<Record<SentCloseReason, number>>;
  logging?: {
    /** The quietest level that is logged, or `off`. @default 'log' */
    level?: LogLevel | 'off';
    /** @default 100 */
    maxPerSecond?: number;
  };
  /** Where the nodes of a fleet know of each other, for example a `RedisFleetStore`. @default this process is the fleet */
  fleet?: FleetStore;
  /**
   * Who judges the clients of Socket.IO. `observe`: Engine.IO's own heartbeat does, with its `pingInterval` and
   * `pingTimeout`, and we look on. `govern`: we ask with Engine.IO's ping at `heartbeat.intervalMs`, never less often than
   * `pingInterval`, and our rules decide: nobody is closed because this process stood still, or in the middle of an upload.
   * @default { mode: 'observe' }
   */
  socketIo?: { mode?: 'observe' | 'govern' };
  /**
   * Lets `npx connection-health audit` find out what lies between the clients and this gateway. Whoever knows the token
   * may: 16 to 256 printable characters, no spaces.
   * @default false
   */
  audit?: { token: string } | false;
  /** @default the system's */
  clock?: Clock;
}

/** What a class given as `useClass` or `useExisting` to `forRootAsync()` must do. */
export interface ConnectionHealthOptionsFactory {
  createConnectionHealthOptions(): ConnectionHealthModuleOptions | Promise<ConnectionHealthModuleOptions>;
}
