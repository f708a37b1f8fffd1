import { FINDING_SIGNALS } from '../lifecycle/lifecycle.events.js';
import {
  END_REASONS,
  GHOST_KINDS,
  LOSS_REASONS,
  SOCKET_ERROR_CODES,
  SPARED_REASONS,
  TRANSPORT_KINDS,
} from './metrics.labels.js';

/** One row of {@link METRICS_CATALOGUE}. */
export interface MetricRow {
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  readonly labels: readonly string[];
  /** Every value that a label can have, of each but `gateway`. */
  readonly values?: Readonly<Record<string, readonly string[]>>;
  /** What several apps, or the workers of a cluster, make of their numbers. @default 'sum' */
  readonly combine?: 'max';
  /** Upper bounds in the metric's unit; of histograms only. */
  readonly buckets?: readonly number[];
}

/**
 * Every metric, in the order of the documentation. No label has unbounded values (R10). What belongs to the process and
 * to no gateway has no label `gateway`.
 */
export const METRICS_CATALOGUE = {
  ws_connections_active: {
    type: 'gauge',
    help: 'Connections that are not closed; those that are closing included',
    labels: ['gateway'],
  },
  ws_connections_by_transport: {
    type: 'gauge',
    help: 'The active connections, by what carries them at present: "ws", or of Socket.IO "websocket", "polling" or "webtransport"',
    labels: ['gateway', 'transport'],
    values: { transport: TRANSPORT_KINDS },
  },
  ws_connections_opened_total: { type: 'counter', help: 'Connections opened', labels: ['gateway'] },
  ws_connections_closed_total: {
    type: 'counter',
    help: 'Connections closed, by the reason of CLOSE_REASONS; counted when the socket is gone. "unwatched" are those whose server ceased to be watched before',
    labels: ['gateway', 'reason'],
    values: { reason: END_REASONS },
  },
  ws_heartbeat_latency_seconds: {
    type: 'histogram',
    help: 'Time from a heartbeat to its answer',
    labels: ['gateway'],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
  },
  ws_heartbeat_timeouts_total: {
    type: 'counter',
    help: 'Connections closed because heartbeats were missed',
    labels: ['gateway'],
  },
  ws_connection_duration_seconds: {
    type: 'histogram',
    help: 'Time from the opening of a connection to its end',
    labels: ['gateway'],
    buckets: [1, 5, 15, 60, 300, 900, 3_600, 21_600, 43_200, 86_400, 259_200],
  },
  ws_stale_connections_swept_total: {
    type: 'counter',
    help: 'Connections closed by the stale sweep',
    labels: ['gateway'],
  },
  ws_connections_closing: {
    type: 'gauge',
    help: 'Connections whose close has begun and whose socket is not gone yet',
    labels: ['gateway'],
  },
  ws_connections_spared_total: {
    type: 'counter',
    help: 'Connections that would have been closed, but are only observed (enforce or sweep.mode "observe")',
    labels: ['gateway', 'reason'],
    values: { reason: SPARED_REASONS },
  },
  ws_identities_active: {
    type: 'gauge',
    help: 'Identities that have at least one connection',
    labels: ['gateway'],
  },
  ws_ghost_connections_total: {
    type: 'counter',
    help: 'Connections closed because their peer was gone, by what still answered',
    labels: ['gateway', 'kind'],
    values: { kind: GHOST_KINDS },
  },
  ws_write_errors_total: {
    type: 'counter',
    help: 'Connections whose TCP connection failed, by the code of the system',
    labels: ['gateway', 'code'],
    values: { code: SOCKET_ERROR_CODES },
  },
  ws_backpressured_connections: {
    type: 'gauge',
    help: 'Connections with too much, or something too old, waiting to be sent',
    labels: ['gateway'],
  },
  ws_heartbeats_sent_total: { type: 'counter', help: 'Heartbeats sent', labels: ['gateway'] },
  ws_verdicts_held_total: {
    type: 'counter',
    help: 'Verdicts held, and their connections asked once more, because very many would have died at once',
    labels: ['gateway'],
  },
  ws_client_loss_total: {
    type: 'counter',
    help: 'Returning clients, by why they say they were away; words that are not known count as "other"',
    labels: ['gateway', 'reason'],
    values: { reason: LOSS_REASONS },
  },
  ws_sweep_duration_seconds: {
    type: 'histogram',
    help: 'Duration of a sweep',
    labels: [],
    buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1],
  },
  ws_event_loop_stalls_total: {
    type: 'counter',
    help: 'Times in which the event loop was blocked or the process stopped; credited to all deadlines',
    labels: [],
  },
  ws_leak_suspected: {
    type: 'gauge',
    help: '1 while the finding stands as a warning or worse, 0 otherwise',
    labels: ['signal'],
    values: { signal: FINDING_SIGNALS },
    combine: 'max',
  },
  ws_fleet_nodes: {
    type: 'gauge',
    help: 'Nodes that share a store, this one included; each node says the same of all, so that it is max() that counts them',
    labels: [],
    combine: 'max',
  },
  ws_fleet_connections: {
    type: 'gauge',
    help: 'Connections of all nodes that share a store; each node says the same of all, so that it is max() that counts them',
    labels: [],
    combine: 'max',
  },
  ws_fleet_lost_nodes_total: {
    type: 'counter',
    help: 'Nodes that ceased to beat and were cleared away by this one; each is counted by one node',
    labels: [],
  },
  ws_fleet_reaped_connections_total: {
    type: 'counter',
    help: 'Connections that went with the nodes that this one has cleared away',
    labels: [],
  },
} as const satisfies Record<string, MetricRow>;

/** The name of a metric, without the app's prefix. */
export type MetricName = keyof typeof METRICS_CATALOGUE;

/** The names of all metrics of a type. */
export type MetricNameOf<Type extends MetricRow['type']> = {
  [Name in MetricName]: (typeof METRICS_CATALOGUE)[Name]['type'] extends Type ? Name : never;
}[MetricName];
