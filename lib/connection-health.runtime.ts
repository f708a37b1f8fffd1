import type { DiscoveryService, MetadataScanner } from '@nestjs/core';

import { AwakeClock } from './clock/awake.clock.js';
import { Pulse } from './clock/pulse.js';
import { ConnectionCloser } from './connection/connection.closer.js';
import type { Connection } from './connection/connection.js';
import { beatIntervalOf } from './connection/connection.settings.js';
import { ConnectionRegistry } from './connection/connection.registry.js';
import { ConnectionPhotographer } from './connection/connection.snapshot.js';
import { ConnectionTracker } from './connection/connection.tracker.js';
import { GatewayExplorer, type FoundGateway } from './gateway/gateway.explorer.js';
import { HeartbeatFilterInterceptor } from './gateway/heartbeat-filter.interceptor.js';
import { HookDispatcher } from './gateway/hook.dispatcher.js';
import { ServerBinder } from './gateway/server.binder.js';
import { ServerWatch } from './gateway/server.watch.js';
import { HeartbeatEngine } from './heartbeat/heartbeat.engine.js';
import { InboundFilter } from './heartbeat/inbound.filter.js';
import { LatencyWindow } from './heartbeat/latency.window.js';
import { ProtocolPinger } from './heartbeat/protocol.pinger.js';
import { ConnectionNarrator } from './lifecycle/connection.narrator.js';
import { LifecycleBus } from './lifecycle/lifecycle.bus.js';
import { LifecycleLogger, type LogSink } from './lifecycle/lifecycle.logger.js';
import { UserCode } from './lifecycle/user.code.js';
import { LivenessJudge } from './liveness/liveness.judge.js';
import { StaleSweeper } from './liveness/stale.sweeper.js';
import { StallGuard } from './liveness/stall.guard.js';
import { noteUnaskedUpload } from './liveness/upload.progress.js';
import type { ResolvedOptions } from './options/options.resolver.js';
import { tickMsOf } from './options/tick.js';
import type { ObservedSocket, SocketObserver } from './transport/transport.driver.js';
import { WsDriver } from './transport/ws.driver.js';

/** Ticks that may pass between two looks at the clock before the rest counts as a stall. */
const TICKS_PER_STEP = 2;
const TICKS_TO_REPORT = 4;

/** Everything between the options and the service, composed. Knows Nest only by what finds gateways. */
export class ConnectionHealthRuntime {
  readonly registry = new ConnectionRegistry();
  readonly latencies = new LatencyWindow();
  readonly gateways: FoundGateway[];
  readonly tickMs: number;
  readonly awake: AwakeClock;
  readonly photographer: ConnectionPhotographer;
  readonly bus: LifecycleBus;
  readonly userCode = new UserCode(() => this.bus);
  readonly closer: ConnectionCloser;
  readonly engine: HeartbeatEngine;
  readonly tracker: ConnectionTracker;
  readonly sweeper: StaleSweeper;
  readonly binder: ServerBinder;
  readonly warnings: string[] = [];

  private readonly pulse: Pulse;
  private readonly judge: LivenessJudge;
  private readonly pinger: ProtocolPinger;
  private readonly filter: InboundFilter;
  private readonly stalls: StallGuard;
  private readonly logger: LifecycleLogger;

  constructor(
    readonly options: ResolvedOptions,
    nest: { readonly discovery: DiscoveryService; readonly scanner: MetadataScanner; readonly sink: LogSink },
  ) {
    const { clock } = options;
    this.gateways = new GatewayExplorer(nest.discovery, nest.scanner).explore();
    this.tickMs = tickMsOf(this.intervals());
    this.awake = new AwakeClock(clock, TICKS_PER_STEP * this.tickMs);
    this.photographer = new ConnectionPhotographer(this.awake, idPrefix(clock.epoch()));
    const failed = (error: unknown): void => this.userCode.report('a listener, codec or driver', error);
    options.peers.failed = (error) => this.userCode.report('trustProxy', error);
    this.bus = new LifecycleBus(() => clock.epoch(), failed);
    this.logger = new LifecycleLogger({
      sink: nest.sink,
      settings: options.logging,
      now: () => clock.monotonic(),
    });
    this.stalls = new StallGuard(this.bus, TICKS_TO_REPORT * this.tickMs);
    this.pulse = new Pulse({
      clock,
      awake: this.awake,
      tickMs: this.tickMs,
      tick: (now) => this.tick(now),
      credited: (creditMs) => this.stalls.credited(creditMs),
    });
    this.closer = new ConnectionCloser(this.awake);
    this.engine = this.makeEngine(failed);
    this.pinger = new ProtocolPinger({
      awake: this.awake,
      tickMs: this.tickMs,
      ping: (connection) => void this.engine.ping(connection),
    });
    this.judge = this.makeJudge();
    this.filter = this.makeFilter(failed);
    this.tracker = this.makeTracker();
    this.sweeper = this.makeSweeper(failed);
    this.binder = this.makeBinder();
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
    this.pulse.start();
  }

  /** Judges nobody any more. */
  stopJudging(): void {
    this.pulse.end();
  }

  /** Leaves nothing behind (R12). May be called more than once. */
  end(): void {
    this.pulse.end();
    this.binder.release();
    for (const connection of this.registry) {
      this.engine.closing(connection);
      this.pinger.closing(connection);
      if (connection.socket !== undefined) connection.server.driver.release(connection.socket);
    }
    this.logger.flush(Infinity);
    this.bus.close();
  }

  private tick(now: number): void {
    this.engine.tick(now);
    this.pinger.tick(now);
    this.closer.tick(now);
    this.sweeper.tick(now);
    this.logger.flush();
  }

  /** All intervals that any gateway asks for: the shortest one sets the pace. */
  private intervals(): number[] {
    const { defaults, settingsFor } = this.options;
    const own = this.gateways
      .filter(({ overrides, isSkipped }) => overrides !== undefined && !isSkipped)
      .map(({ overrides, name }) => settingsFor(overrides!, `@ConnectionHealth() on ${name}`));
    return [defaults, ...own].flatMap((settings) => beatIntervalOf(settings) ?? []);
  }

  private makeEngine(failed: (error: unknown) => void): HeartbeatEngine {
    return new HeartbeatEngine({
      clock: this.options.clock,
      awake: this.awake,
      tickMs: this.tickMs,
      stalls: () => this.stalls.stalls,
      lookDue: (connection, question, now) => this.judge.look(connection, question, now),
      pinged: noteUnaskedUpload,
      failed,
    });
  }

  private makeJudge(): LivenessJudge {
    return new LivenessJudge({
      engine: this.engine,
      closer: this.closer,
      bus: this.bus,
      photographer: this.photographer,
      stalls: () => this.stalls.stalls,
      afterPoll: (run) => this.pulse.afterPoll(run),
    });
  }

  private makeFilter(failed: (error: unknown) => void): InboundFilter {
    const listener = {
      answered: (
        connection: Connection,
        question: NonNullable<Connection['question']>,
        latencyMs?: number,
      ): void => {
        if (latencyMs !== undefined) this.latencies.add(latencyMs);
        this.judge.answered(connection, question, this.awake.now());
      },
      resumed: (
        connection: Connection,
        resume: { reason?: string; offlineMs?: number; attempts?: number },
      ): void => {
        this.bus.publish('resumed', () => ({ connection: this.photographer.take(connection), ...resume }));
      },
      flooded: (connection: Connection): void => {
        this.closer.close(connection, { reason: 'abuse' });
      },
    };
    return new InboundFilter({ clock: this.options.clock, awake: this.awake, listener, failed });
  }

  private makeTracker(): ConnectionTracker {
    const { identify, peers } = this.options;
    return new ConnectionTracker({
      clock: this.awake,
      registry: this.registry,
      peers,
      identify: (socket, request, known) => {
        if (identify === undefined) return;
        const accept = (identity: unknown): void => void this.userCode.run('identify', () => known(identity));
        const result = this.userCode.run('identify', () => identify(socket, request));
        if (result instanceof Promise) result.then(accept, () => undefined);
        else accept(result);
      },
      followers: [
        this.closer,
        this.engine,
        this.pinger,
        new ConnectionNarrator(this.awake, this.bus, this.photographer),
      ],
    });
  }

  private makeSweeper(failed: (error: unknown) => void): StaleSweeper {
    return new StaleSweeper({
      awake: this.awake,
      registry: this.registry,
      closer: this.closer,
      bus: this.bus,
      photographer: this.photographer,
      servers: () => this.binder.servers(),
      afterPoll: (run) => this.pulse.afterPoll(run),
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
      watchFor: (server, driver) => new ServerWatch(server, driver, observer, this.photographer),
      opened: (watch, socket, request) => this.tracker.open(watch, socket, request),
    });
  }

  /** What taps report to. */
  private observer(): SocketObserver<ObservedSocket> {
    const observer: SocketObserver<Connection> = {
      message: (connection, data, isBinary) => this.filter.message(connection, data, isBinary),
      control: (connection, _kind, payload) => this.filter.control(connection, payload),
      messageFinished: (connection) => this.filter.messageFinished(connection),
      closing: (connection) => this.tracker.closing(connection),
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
