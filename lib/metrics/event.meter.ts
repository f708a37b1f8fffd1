import type { Histogram } from 'prom-client';

import type { LatencyWindow } from '../heartbeat/latency.window.js';
import type { LifecycleBus } from '../lifecycle/lifecycle.bus.js';
import type { Instruments } from './metrics.instruments.js';
import { lossReasonOf, socketErrorCodeOf } from './metrics.labels.js';

const MS_PER_SECOND = 1_000;

/** Counts and measures, in the moment they happen, the things that no tally keeps. */
export class EventMeter {
  private readonly undo: (() => void)[];

  constructor(
    instruments: Instruments,
    heard: { readonly bus: LifecycleBus; readonly latencies: LatencyWindow },
  ) {
    const { bus, latencies } = heard;
    const duration = observerOf(instruments.ws_connection_duration_seconds);
    this.undo = [
      bus.on('closed', ({ connection, evidence }) => duration(connection.gateway, evidence.ageMs)),
      bus.on('held', ({ connection: { gateway } }) => instruments.ws_verdicts_held_total.inc({ gateway })),
      bus.on('resumed', ({ connection: { gateway }, reason }) =>
        instruments.ws_client_loss_total.inc({ gateway, reason: lossReasonOf(reason) }),
      ),
      bus.on('socket_failed', ({ connection: { gateway }, errorCode }) =>
        instruments.ws_write_errors_total.inc({ gateway, code: socketErrorCodeOf(errorCode) }),
      ),
      bus.on('fleet_node_lost', ({ connections }) => {
        instruments.ws_fleet_lost_nodes_total.inc();
        instruments.ws_fleet_reaped_connections_total.inc(connections);
      }),
      bus.on('stalled', () => instruments.ws_event_loop_stalls_total.inc()),
      bus.on('swept', ({ report: { durationMs } }) => {
        if (isDuration(durationMs)) instruments.ws_sweep_duration_seconds.observe(durationMs / MS_PER_SECOND);
      }),
      listenToLatencies(latencies, observerOf(instruments.ws_heartbeat_latency_seconds)),
    ];
  }

  /** Hears nothing any more. */
  end(): void {
    for (const undo of this.undo.splice(0)) undo();
  }
}

type Observer = (gateway: string, durationMs: number) => void;

/** Called for each answered heartbeat: the label is bound once for each gateway. */
function observerOf(histogram: Histogram): Observer {
  const bound = new Map<string, (seconds: number) => void>();
  return (gateway, durationMs) => {
    if (!isDuration(durationMs)) return;
    let observe = bound.get(gateway);
    if (observe === undefined) bound.set(gateway, (observe = histogram.labels(gateway).observe));
    observe(durationMs / MS_PER_SECOND);
  };
}

function listenToLatencies(latencies: LatencyWindow, listener: Observer): () => void {
  latencies.listener = listener;
  return () => {
    if (latencies.listener === listener) latencies.listener = undefined;
  };
}

/** A histogram throws at what is no number, and a sum that went down would look like a restart. */
function isDuration(ms: number): boolean {
  return Number.isFinite(ms) && ms >= 0;
}
