import { AuditDesk } from './audit/gateway/audit.desk.js';
import { exceptAudits } from './audit/gateway/except.audits.js';
import { observersFor } from './connection-health.observer.js';
import type { ConnectionHealthRuntime } from './connection-health.runtime.js';
import type { Connection, Question } from './connection/connection.js';
import { Crowd } from './connection/crowd.js';
import { ConnectionTracker } from './connection/connection.tracker.js';
import { PeerReader } from './connection/peer.reader.js';
import { ConnectionDrain } from './drain/connection.drain.js';
import { HeartbeatFilterInterceptor } from './gateway/heartbeat-filter.interceptor.js';
import { ServerBinder } from './gateway/server.binder.js';
import { ServerWatch } from './gateway/server.watch.js';
import { InboundFilter } from './heartbeat/inbound.filter.js';
import { ConnectionNarrator } from './lifecycle/connection.narrator.js';
import { isThenable } from './lifecycle/user.code.js';
import { LivenessJudge } from './liveness/liveness.judge.js';
import { StaleSweeper } from './liveness/stale.sweeper.js';
import { ConnectionMetrics } from './metrics/connection.metrics.js';
import { LeakFinder } from './signals/leak.finder.js';
import { RegistryReconciler } from './signals/registry.reconciler.js';
import { SocketIoDriver } from './transport/socket-io.driver.js';
import { WsDriver } from './transport/ws.driver.js';

/** A socket that vanished without a close frame (RFC 6455 section 7.1.5). */
export const ABNORMAL = 1006;

/** Told of what failed inside one part. */
export type Failed = (error: unknown) => void;

export function judgeFor(parts: ConnectionHealthRuntime): LivenessJudge {
  return new LivenessJudge({
    engine: parts.engine,
    closer: parts.closer,
    breaker: parts.breaker,
    population: () => parts.registry.size,
    bus: parts.bus,
    photographer: parts.photographer,
    stalls: () => parts.stalls.stalls,
    afterPoll: (run) => parts.pulse.afterPoll(run),
  });
}

export function filterFor(parts: ConnectionHealthRuntime, failed: Failed): InboundFilter {
  const { bus, photographer, closer, awake } = parts;
  const listener = {
    answered: (connection: Connection, question: Question, latencyMs?: number): void => {
      if (latencyMs !== undefined) parts.latencies.add(connection.server.name, latencyMs);
      parts.judge.answered(connection, question, awake.now());
      if (connection.question !== question) parts.questions.giveBack(question);
    },
    asked: (connection: Connection): void =>
      parts.judge.answered(connection, connection.question, awake.now()),
    spoke: (connection: Connection): void => parts.judge.spoke(connection),
    resumed: (connection: Connection, resume: object): void =>
      bus.publish('resumed', () => ({ connection: photographer.take(connection), ...resume })),
    flooded: (connection: Connection): void => void closer.close(connection, { reason: 'abuse' }),
  };
  return new InboundFilter({ clock: parts.options.clock, awake, writer: parts.writer, listener, failed });
}

export function trackerFor(parts: ConnectionHealthRuntime): ConnectionTracker {
  const { identify, trustProxy } = parts.options;
  const narrator = new ConnectionNarrator(
    parts.awake,
    parts.bus,
    parts.photographer,
    () => parts.pulse.lagMs,
  );
  return new ConnectionTracker({
    clock: parts.awake,
    registry: parts.registry,
    peers: new PeerReader(trustProxy, (error) => parts.userCode.report('trustProxy', error)),
    identify: (socket, request, known) => {
      if (identify === undefined) return;
      const accept = (identity: unknown): void => void parts.userCode.run('identify', () => known(identity));
      const result = parts.userCode.run('identify', () => identify(socket, request));
      if (isThenable(result)) result.then(accept, () => undefined);
      else accept(result);
    },
    // The judge first: it must see the question that the engine drops.
    followers: [
      parts.tallies,
      ...exceptAudits(parts.leaks?.followers ?? [], parts.audit),
      ...parts.fleet.followers,
      parts.judge,
      parts.closer,
      parts.engine,
      parts.pinger,
      parts.backpressure,
      narrator,
      { opened: (connection) => parts.drain?.opened(connection) },
      // The audit last: the others ask it whose connection this was.
      ...(parts.audit === undefined ? [] : [parts.audit]),
    ],
  });
}

export function sweeperFor(parts: ConnectionHealthRuntime, failed: Failed): StaleSweeper {
  return new StaleSweeper({
    clock: parts.options.clock,
    awake: parts.awake,
    registry: parts.registry,
    closer: parts.closer,
    bus: parts.bus,
    photographer: parts.photographer,
    servers: () => parts.binder.servers(),
    nextTurn: (run) => parts.options.clock.afterPoll(run),
    massTimeout: parts.options.massTimeout,
    ask: (connection, now) => parts.engine.askAgain(connection, now),
    foundClosing: (connection) => parts.tracker.closing(connection),
    isExempt: (connection) => parts.audit?.owns(connection) === true,
    failed,
  });
}

export function binderFor(parts: ConnectionHealthRuntime): ServerBinder {
  const observerOf = observersFor(parts);
  const { defaults, settingsFor, gateways } = parts.options;
  return new ServerBinder({
    drivers: [new WsDriver(), new SocketIoDriver()],
    watchAll: gateways === 'all',
    defaults,
    settingsFor,
    interceptor: new HeartbeatFilterInterceptor(),
    isOddApp: () => !parts.nest.hasKnownAdapter(),
    watchFor: (server, driver) =>
      new ServerWatch({
        server,
        driver,
        observerOf,
        photographer: parts.photographer,
        // Whoever speaks a library's own heartbeats says nothing of the others (R7).
        crowdFor: (codec) =>
          driver.ownHeartbeat === undefined ? parts.crowds.of(codec) : new Crowd(Infinity),
        sessionMode: parts.options.socketIo.mode,
        warn: (warning) => parts.nest.sink.warn(warning),
        opened: (watch, socket, request) => {
          const connection = parts.tracker.open(watch, socket, request);
          parts.audit?.upgraded(connection, request);
          return connection;
        },
      }),
    watched: (watch) => {
      parts.tallies.watched(watch);
      parts.keepPaceWith(watch);
      parts.drain?.watched(watch);
    },
    released: (watch) => {
      for (const connection of parts.registry)
        if (connection.server === watch) parts.tracker.forget(connection);
      parts.tallies.released(watch);
    },
  });
}

export function reconcilerFor(parts: ConnectionHealthRuntime): RegistryReconciler {
  return new RegistryReconciler({
    registry: parts.registry,
    bus: parts.bus,
    servers: () => parts.binder.servers(),
    nextTurn: (run) => parts.options.clock.afterPoll(run),
    vanished: (connection) => parts.tracker.closed(connection, ABNORMAL, ''),
    forget: (connection) => parts.tracker.forget(connection),
  });
}

export function drainFor(parts: ConnectionHealthRuntime): ConnectionDrain | undefined {
  const { drain, clock } = parts.options;
  if (drain === false) return undefined;
  return new ConnectionDrain({
    clock,
    registry: parts.registry,
    closer: parts.closer,
    bus: parts.bus,
    settings: drain,
    servers: () => parts.binder.servers(),
    hooksSettled: () => parts.userCode.settled(),
    farewell: (connection, reconnectInMs) =>
      parts.writer.tell(connection, { type: 'server_drain', reconnectInMs }),
  });
}

export function leakFinderFor(parts: ConnectionHealthRuntime, failed: Failed): LeakFinder | undefined {
  const { options, awake, registry, history, bus, findings } = parts;
  if (options.leak === false) return undefined;
  return new LeakFinder({
    settings: options.leak,
    clock: options.clock,
    awake,
    connections: registry,
    history,
    servers: () => parts.binder.servers(),
    bus,
    board: findings,
    failed,
  });
}

export function metricsFor(parts: ConnectionHealthRuntime, failed: Failed): ConnectionMetrics | undefined {
  const { options, reports, bus, latencies } = parts;
  if (options.metrics === false) return undefined;
  return new ConnectionMetrics({ settings: options.metrics, source: reports, bus, latencies, failed });
}

export function auditFor(parts: ConnectionHealthRuntime, failed: Failed): AuditDesk | undefined {
  const { audit, clock, proxyIdleTimeoutMs } = parts.options;
  if (audit === false) return undefined;
  return new AuditDesk({
    settings: audit,
    proxyIdleTimeoutMs,
    clock,
    closer: parts.closer,
    bus: parts.bus,
    photographer: parts.photographer,
    // As when it closes, and in the same order: the judge must see the question that the engine drops.
    leaveAlone: (connection) =>
      [parts.judge, parts.engine, parts.pinger].forEach((part) => part.closing(connection)),
    failed,
  });
}

/** A socket was destroyed a while ago and has not reported its end: we end it for it, if it is gone. */
export function endStuck(parts: ConnectionHealthRuntime, connection: Connection, isNews: boolean): void {
  const { bus, photographer, tracker } = parts;
  if (isNews) bus.publish('close_stuck', () => ({ connection: photographer.take(connection) }));
  connection.raw?.destroy?.();
  if (connection.raw?.destroyed !== false) tracker.closed(connection, ABNORMAL, '');
}
