import type { DiscoveryService, MetadataScanner } from '@nestjs/core';

import { AwakeClock, type AwakeTime } from './clock/awake.clock.js';
import { Pulse } from './clock/pulse.js';
import { ConnectionCloser } from './connection/connection.closer.js';
import type { Connection, Question } from './connection/connection.js';
import { ConnectionRegistry } from './connection/connection.registry.js';
import { ConnectionPhotographer } from './connection/connection.snapshot.js';
import { ConnectionTracker } from './connection/connection.tracker.js';
import { PeerReader } from './connection/peer.reader.js';
import { Crowd } from './connection/crowd.js';
import { ConnectionDrain } from './drain/connection.drain.js';
import { GatewayExplorer, type FoundGateway } from './gateway/gateway.explorer.js';
import { HeartbeatFilterInterceptor } from './gateway/heartbeat-filter.interceptor.js';
import { HookDispatcher } from './gateway/hook.dispatcher.js';
import { ServerBinder } from './gateway/server.binder.js';
import { ServerWatch } from './gateway/server.watch.js';
import { BeatWriter } from './heartbeat/beat.writer.js';
import { HeartbeatEngine } from './heartbeat/heartbeat.engine.js';
import { InboundFilter } from './heartbeat/inbound.filter.js';
import { LatencyWindow } from './heartbeat/latency.window.js';
import { ProtocolPinger } from './heartbeat/protocol.pinger.js';
import { ConnectionNarrator } from './lifecycle/connection.narrator.js';
import { LifecycleBus } from './lifecycle/lifecycle.bus.js';
import { LifecycleLogger, type LogSink } from './lifecycle/lifecycle.logger.js';
import { isThenable, UserCode } from './lifecycle/user.code.js';
import { LivenessJudge } from './liveness/liveness.judge.js';
import { MassTimeoutBreaker } from './liveness/mass-timeout.breaker.js';
import { StaleSweeper } from './liveness/stale.sweeper.js';
import { StallGuard } from './liveness/stall.guard.js';
import { noteUnaskedUpload } from './liveness/upload.progress.js';
import type { ResolvedOptions } from './options/options.resolver.js';
import { tickMsFor } from './options/tick.js';
import { BackpressureWatch } from './signals/backpressure.watch.js';
import { observeBytes } from './signals/byte.observer.js';
import { FindingsBoard } from './signals/findings.board.js';
import { RegistryReconciler } from './signals/registry.reconciler.js';
import { TroubleFinder } from './signals/trouble.finder.js';
import type { ObservedSocket, SocketObserver } from './transport/transport.driver.js';
import { WsDriver } from './transport/ws.driver.js';

/** Ticks that may pass between two looks at the clock before the rest counts as a stall, and from which one is told. */
const TICKS_PER_STEP = 2;
const TICKS_TO_REPORT = 4;
/** A socket that vanished without a close frame (RFC 6455 section 7.1.5). */
const ABNORMAL = 1006;

type Failed = (error: unknown) => void;

/** Everything between the options and the service, composed. Knows Nest only by what finds gateways. */
export class ConnectionHealthRuntime {
  readonly registry = new ConnectionRegistry();
  readonly latencies = new LatencyWindow();
  readonly warnings: string[] = [];
  readonly findings: FindingsBoard;
  readonly userCode: UserCode;
  readonly gateways: FoundGateway[];
  readonly awake: AwakeClock;
  readonly photographer: ConnectionPhotographer;
  readonly bus: LifecycleBus;
  readonly closer: ConnectionCloser;
  readonly writer: BeatWriter;
  readonly engine: HeartbeatEngine;
  readonly tracker: ConnectionTracker;
  readonly sweeper: StaleSweeper;
  readonly binder: ServerBinder;
  readonly drain: ConnectionDrain | undefined;

  private tickMs: number;
  private readonly crowd: Crowd;
  private readonly breaker: MassTimeoutBreaker;
  private readonly pulse: Pulse;
  private readonly judge: LivenessJudge;
  private readonly pinger: ProtocolPinger;
  private readonly filter: InboundFilter;
  private readonly stalls: StallGuard;
  private readonly logger: LifecycleLogger;
  private readonly backpressure: BackpressureWatch;
  private readonly reconciler: RegistryReconciler;
  private readonly finder: TroubleFinder;

  constructor(
    readonly options: ResolvedOptions,
    nest: { readonly discovery: DiscoveryService; readonly scanner: MetadataScanner; readonly sink: LogSink },
  ) {
    const { clock, massTimeout, defaults } = options;
    const failed: Failed = (error) => this.userCode.report('a listener, codec or driver', error);
    this.gateways = new GatewayExplorer(nest.discovery, nest.scanner).explore();
    this.tickMs = tickMsFor(defaults);
    this.awake = new AwakeClock(clock, TICKS_PER_STEP * this.tickMs);
    this.photographer = new ConnectionPhotographer(this.awake, idPrefix(clock.epoch()));
    this.bus = new LifecycleBus(() => clock.epoch(), failed);
    this.userCode = new UserCode(this.bus);
    this.findings = new FindingsBoard(this.bus);
    this.logger = new LifecycleLogger({
      sink: nest.sink,
      settings: options.logging,
      now: () => clock.monotonic(),
    });
    this.crowd = new Crowd(massTimeout === false ? Infinity : massTimeout.minConnections);
    this.breaker = new MassTimeoutBreaker(massTimeout);
    this.stalls = new StallGuard(this.bus, TICKS_TO_REPORT * this.tickMs);
    this.pulse = new Pulse({
      clock,
      awake: this.awake,
      tick: (now) => this.tick(now, failed),
      credited: (creditMs) => this.stalls.credited(creditMs),
    });
    this.closer = new ConnectionCloser({
      clock: this.awake,
      began: (connection) => this.tracker.closing(connection),
      stuck: (connection, isNews) => this.stuck(connection, isNews),
      failed,
    });
    this.backpressure = new BackpressureWatch({
      closer: this.closer,
      bus: this.bus,
      photographer: this.photographer,
    });
    this.writer = new BeatWriter(clock, failed);
    this.engine = this.makeEngine(failed);
    this.pinger = new ProtocolPinger({
      awake: this.awake,
      ping: (connection) => void this.writer.ping(connection),
    });
    this.judge = this.makeJudge();
    this.filter = this.makeFilter(failed);
    this.tracker = this.makeTracker();
    this.sweeper = this.makeSweeper(failed);
    this.binder = this.makeBinder();
    this.reconciler = this.makeReconciler();
    this.drain = this.makeDrain();
    this.finder = new TroubleFinder({
      clock,
      awake: this.awake,
      crowd: this.crowd,
      board: this.findings,
      troubles: () => ({
        stuck: this.closer.stuckCount,
        mismatches: this.reconciler.takeMended(),
        backpressured: this.backpressure.count,
      }),
    });
  }

  /** Waits for servers; from now on their sockets are tracked. */
  bind(): void {
    this.logger.listenTo(this.bus);
    const hooks = new HookDispatcher({
      bus: this.bus,
      userCode: this.userCode,
      serves: (gateway, connection) => this.binder.serves(gateway, connection),
    });
    this.warnings.push(...hooks.bind(this.gateways));
    this.binder.bind(this.gateways);
  }

  /** Starts the one timer. */
  start(): void {
    this.pulse.start(this.tickMs);
  }

  /** Judges nobody any more. */
  stopJudging(): void {
    this.pulse.end();
  }

  /** Leaves nothing behind (R12). May be called more than once. */
  end(): void {
    this.pulse.end();
    this.drain?.release();
    this.binder.release();
    this.logger.flush(Infinity);
    this.bus.close();
  }

  private tick(now: AwakeTime, failed: Failed): void {
    const parts = [
      () => this.engine.tick(now),
      () => this.pinger.tick(now),
      () => this.closer.tick(now),
      () => void (this.sweeper.tick(now) && this.reconciler.reconcile().catch(failed)),
      () => this.finder.tick(),
      () => this.logger.flush(),
    ];
    for (const part of parts) {
      try {
        part();
      } catch (error) {
        failed(error);
      }
    }
  }

  /** Looks as often as the most impatient server asks for. */
  private keepPaceWith(watch: ServerWatch): void {
    const { heartbeat } = watch.settings;
    if (heartbeat !== false) this.breaker.cover(heartbeat.intervalMs);
    const tickMs = tickMsFor(watch.settings);
    if (tickMs >= this.tickMs) return;
    this.tickMs = tickMs;
    this.awake.maxStepMs = TICKS_PER_STEP * tickMs;
    this.stalls.reportFromMs = TICKS_TO_REPORT * tickMs;
    if (this.pulse.isRunning) this.pulse.start(tickMs);
  }

  /** A socket was destroyed a while ago and has not reported its end: we end it for it, if it is gone. */
  private stuck(connection: Connection, isNews: boolean): void {
    if (isNews) this.bus.publish('close_stuck', () => ({ connection: this.photographer.take(connection) }));
    connection.raw?.destroy?.();
    if (connection.raw?.destroyed !== false) this.tracker.closed(connection, ABNORMAL, '');
  }

  private makeEngine(failed: Failed): HeartbeatEngine {
    return new HeartbeatEngine({
      clock: this.options.clock,
      awake: this.awake,
      writer: this.writer,
      stalls: () => this.stalls.stalls,
      lookDue: (connection, question, now) => this.judge.look(connection, question, now),
      turned: (connection, now) => {
        observeBytes(connection, now);
        this.backpressure.turned(connection, now);
      },
      foundClosing: (connection) => this.tracker.closing(connection),
      asked: (connection, question) => this.judge.asked(connection, question),
      pinged: noteUnaskedUpload,
      failed,
    });
  }

  private makeJudge(): LivenessJudge {
    return new LivenessJudge({
      engine: this.engine,
      closer: this.closer,
      breaker: this.breaker,
      crowd: this.crowd,
      population: () => this.registry.size,
      bus: this.bus,
      photographer: this.photographer,
      stalls: () => this.stalls.stalls,
      afterPoll: (run) => this.pulse.afterPoll(run),
    });
  }

  private makeFilter(failed: Failed): InboundFilter {
    const { bus, photographer, closer, awake } = this;
    const listener = {
      answered: (connection: Connection, question: Question, latencyMs?: number): void => {
        if (latencyMs !== undefined) this.latencies.add(latencyMs);
        this.judge.answered(connection, question, awake.now());
      },
      resumed: (connection: Connection, resume: object): void =>
        bus.publish('resumed', () => ({ connection: photographer.take(connection), ...resume })),
      flooded: (connection: Connection): void => void closer.close(connection, { reason: 'abuse' }),
    };
    return new InboundFilter({ clock: this.options.clock, awake, listener, failed });
  }

  private makeTracker(): ConnectionTracker {
    const { identify, trustProxy } = this.options;
    const narrator = new ConnectionNarrator(this.awake, this.bus, this.photographer, () => this.pulse.lagMs);
    return new ConnectionTracker({
      clock: this.awake,
      registry: this.registry,
      peers: new PeerReader(trustProxy, (error) => this.userCode.report('trustProxy', error)),
      identify: (socket, request, known) => {
        if (identify === undefined) return;
        const accept = (identity: unknown): void => void this.userCode.run('identify', () => known(identity));
        const result = this.userCode.run('identify', () => identify(socket, request));
        if (isThenable(result)) result.then(accept, () => undefined);
        else accept(result);
      },
      // The judge first: it must see the question that the engine drops.
      followers: [
        this.judge,
        this.closer,
        this.engine,
        this.pinger,
        this.backpressure,
        narrator,
        { opened: (connection) => this.drain?.opened(connection) },
      ],
    });
  }

  private makeSweeper(failed: Failed): StaleSweeper {
    return new StaleSweeper({
      awake: this.awake,
      registry: this.registry,
      closer: this.closer,
      bus: this.bus,
      photographer: this.photographer,
      servers: () => this.binder.servers(),
      nextTurn: (run) => this.options.clock.afterPoll(run),
      massTimeout: this.options.massTimeout,
      ask: (connection, now) => this.engine.askAgain(connection, now),
      foundClosing: (connection) => this.tracker.closing(connection),
      failed,
    });
  }

  private makeBinder(): ServerBinder {
    const observer = this.observer();
    const { defaults, settingsFor, gateways } = this.options;
    return new ServerBinder({
      drivers: [new WsDriver()],
      watchAll: gateways === 'all',
      defaults,
      settingsFor,
      interceptor: new HeartbeatFilterInterceptor(),
      watchFor: (server, driver) =>
        new ServerWatch({
          server,
          driver,
          observer,
          photographer: this.photographer,
          crowd: this.crowd,
          opened: (watch, socket, request) => this.tracker.open(watch, socket, request),
        }),
      watched: (watch) => {
        this.keepPaceWith(watch);
        this.drain?.watched(watch);
      },
      released: (watch) => {
        for (const connection of this.registry)
          if (connection.server === watch) this.tracker.forget(connection);
      },
    });
  }

  private makeReconciler(): RegistryReconciler {
    return new RegistryReconciler({
      registry: this.registry,
      bus: this.bus,
      servers: () => this.binder.servers(),
      nextTurn: (run) => this.options.clock.afterPoll(run),
      vanished: (connection) => this.tracker.closed(connection, ABNORMAL, ''),
      forget: (connection) => this.tracker.forget(connection),
    });
  }

  private makeDrain(): ConnectionDrain | undefined {
    const { drain, clock } = this.options;
    if (drain === false) return undefined;
    return new ConnectionDrain({
      clock,
      registry: this.registry,
      closer: this.closer,
      bus: this.bus,
      settings: drain,
      servers: () => this.binder.servers(),
      hooksSettled: () => this.userCode.settled(),
      farewell: (connection, reconnectInMs) =>
        this.writer.tell(connection, { type: 'server_drain', reconnectInMs }),
    });
  }

  /** What taps report to. */
  private observer(): SocketObserver<ObservedSocket> {
    const observer: SocketObserver<Connection> = {
      message: (connection, data, isBinary) => this.filter.message(connection, data, isBinary),
      control: (connection, _kind, payload) => this.filter.control(connection, payload),
      messageFinished: (connection) => {
        this.filter.messageFinished(connection);
        this.engine.messageFinished(connection, this.awake.now());
      },
      closing: (connection, sentCode) => this.tracker.closing(connection, sentCode),
      closed: (connection, code, reason) => this.tracker.closed(connection, code, reason),
      paused: (connection, isPaused) => this.tracker.paused(connection, isPaused),
    };
    return observer as SocketObserver<ObservedSocket>;
  }
}

/** Tells the connections of one process from those of another, and from those of its next life. */
function idPrefix(epoch: number): string {
  return `${epoch.toString(36)}${process.pid.toString(36)}`;
}
