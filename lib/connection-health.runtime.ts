import type { DiscoveryService, MetadataScanner } from '@nestjs/core';

import type { AuditDesk } from './audit/gateway/audit.desk.js';
import { AwakeClock, type AwakeTime } from './clock/awake.clock.js';
import { Pulse } from './clock/pulse.js';
import { ConnectionCloser } from './connection/connection.closer.js';
import { ConnectionHistory } from './connection/connection.history.js';
import { ConnectionRegistry } from './connection/connection.registry.js';
import { idPrefix } from './connection/id.prefix.js';
import { ConnectionPhotographer } from './connection/connection.snapshot.js';
import { ConnectionTracker } from './connection/connection.tracker.js';
import { TallyKeeper } from './connection/tally.keeper.js';
import { Crowds } from './connection/crowd.js';
import { ConnectionDrain } from './drain/connection.drain.js';
import { GatewayExplorer, type FoundGateway } from './gateway/gateway.explorer.js';
import { HookDispatcher } from './gateway/hook.dispatcher.js';
import { ServerBinder } from './gateway/server.binder.js';
import { ServerWatch } from './gateway/server.watch.js';
import { BeatWriter } from './heartbeat/beat.writer.js';
import { QuestionPool } from './heartbeat/question.pool.js';
import type { HeartbeatEngine } from './heartbeat/heartbeat.engine.js';
import { InboundFilter } from './heartbeat/inbound.filter.js';
import { LatencyWindow } from './heartbeat/latency.window.js';
import type { ProtocolPinger } from './heartbeat/protocol.pinger.js';
import { LifecycleBus } from './lifecycle/lifecycle.bus.js';
import { LifecycleLogger, type LogSink } from './lifecycle/lifecycle.logger.js';
import { UserCode } from './lifecycle/user.code.js';
import { LivenessJudge } from './liveness/liveness.judge.js';
import { MassTimeoutBreaker } from './liveness/mass-timeout.breaker.js';
import { StaleSweeper } from './liveness/stale.sweeper.js';
import { StallGuard } from './liveness/stall.guard.js';
import type { ConnectionMetrics } from './metrics/connection.metrics.js';
import type { ResolvedOptions } from './options/options.resolver.js';
import { tickMsFor } from './options/tick.js';
import { BackpressureWatch } from './signals/backpressure.watch.js';
import { FindingsBoard } from './signals/findings.board.js';
import type { LeakFinder } from './signals/leak.finder.js';
import { RegistryReconciler } from './signals/registry.reconciler.js';
import { TroubleFinder } from './signals/trouble.finder.js';
import { engineFor, pingerFor } from './connection-health.beats.js';
import { RuntimeCommands } from './connection-health.commands.js';
import { fleetFor, type FleetParts } from './connection-health.fleet.js';
import { hurryAfterStall } from './connection-health.hurry.js';
import { ConnectionHealthReports } from './connection-health.reports.js';
import { troublesOf } from './connection-health.troubles.js';
import {
  judgeFor,
  filterFor,
  trackerFor,
  sweeperFor,
  binderFor,
  reconcilerFor,
  drainFor,
  leakFinderFor,
  metricsFor,
  auditFor,
  endStuck,
  type Failed,
} from './connection-health.wiring.js';

/** Ticks that may pass between two looks at the clock before the rest counts as a stall, and from which one is told. */
const TICKS_PER_STEP = 2;
const TICKS_TO_REPORT = 4;
/** Everything between the options and the service, composed. Knows Nest only by what finds gateways. */
export class ConnectionHealthRuntime {
  readonly registry = new ConnectionRegistry();
  readonly latencies = new LatencyWindow();
  readonly tallies = new TallyKeeper();
  readonly history = new ConnectionHistory();
  readonly reports = new ConnectionHealthReports(this);
  readonly commands = new RuntimeCommands(this);
  readonly warnings: string[] = [];
  readonly findings: FindingsBoard;
  readonly userCode: UserCode;
  readonly gateways: FoundGateway[];
  readonly awake: AwakeClock;
  readonly photographer: ConnectionPhotographer;
  readonly bus: LifecycleBus;
  readonly closer: ConnectionCloser;
  readonly writer: BeatWriter;
  readonly questions = new QuestionPool();
  readonly engine: HeartbeatEngine;
  readonly tracker: ConnectionTracker;
  readonly sweeper: StaleSweeper;
  readonly binder: ServerBinder;
  readonly drain: ConnectionDrain | undefined;
  readonly metrics: ConnectionMetrics | undefined;

  private tickMs: number;
  readonly crowds: Crowds;
  readonly breaker: MassTimeoutBreaker;
  readonly pulse: Pulse;
  readonly judge: LivenessJudge;
  readonly pinger: ProtocolPinger;
  readonly filter: InboundFilter;
  readonly stalls: StallGuard;
  readonly logger: LifecycleLogger;
  readonly backpressure: BackpressureWatch;
  readonly reconciler: RegistryReconciler;
  readonly finder: TroubleFinder;
  readonly leaks: LeakFinder | undefined;
  readonly fleet: FleetParts;
  readonly audit: AuditDesk | undefined;

  constructor(
    readonly options: ResolvedOptions,
    readonly nest: {
      readonly discovery: DiscoveryService;
      readonly scanner: MetadataScanner;
      readonly sink: LogSink;
      /** Whether the app's servers are made by Nest's own adapters; known when gateways are bound. */
      readonly hasKnownAdapter: () => boolean;
    },
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
    this.crowds = new Crowds(massTimeout === false ? Infinity : massTimeout.minConnections);
    this.breaker = new MassTimeoutBreaker(massTimeout);
    this.stalls = new StallGuard(this.bus, TICKS_TO_REPORT * this.tickMs);
    this.pulse = new Pulse({
      clock,
      awake: this.awake,
      tick: (now) => this.tick(now, failed),
      credited: (creditMs) => {
        this.stalls.credited(creditMs);
        hurryAfterStall(this, creditMs);
      },
    });
    this.closer = new ConnectionCloser({
      clock: this.awake,
      began: (connection) => this.tracker.closing(connection),
      stuck: (connection, isNews) => endStuck(this, connection, isNews),
      failed,
    });
    this.backpressure = new BackpressureWatch({
      closer: this.closer,
      bus: this.bus,
      photographer: this.photographer,
    });
    this.writer = new BeatWriter(clock, failed);
    this.engine = engineFor(this, failed);
    this.pinger = pingerFor(this);
    this.judge = judgeFor(this);
    this.filter = filterFor(this, failed);
    this.leaks = leakFinderFor(this, failed);
    this.fleet = fleetFor(this);
    this.audit = auditFor(this, failed);
    this.tracker = trackerFor(this);
    this.sweeper = sweeperFor(this, failed);
    this.binder = binderFor(this);
    this.reconciler = reconcilerFor(this);
    this.drain = drainFor(this);
    this.metrics = metricsFor(this, failed);
    this.finder = new TroubleFinder({
      clock,
      awake: this.awake,
      crowd: this.crowds,
      board: this.findings,
      troubles: () => troublesOf(this),
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
    this.metrics?.start();
    this.pulse.start(this.tickMs);
  }

  /** Whether the one timer runs. */
  get isRunning(): boolean {
    return this.pulse.isRunning;
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
    this.metrics?.end();
    this.logger.flush(Infinity);
    this.bus.close();
  }

  private tick(now: AwakeTime, failed: Failed): void {
    const parts = [
      () => this.engine.tick(now),
      () => this.pinger.tick(now),
      () => this.closer.tick(now),
      () => void (this.sweeper.tick(now) && this.reconciler.reconcile().catch(failed)),
      () => void this.history.note(this.options.clock.monotonic(), () => this.reports.sample()),
      () => this.finder.tick(),
      () => this.leaks?.tick(),
      () => this.fleet.member?.tick(),
      () => this.audit?.tick(),
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
  keepPaceWith(watch: ServerWatch): void {
    const { heartbeat } = watch.settings;
    if (heartbeat !== false) this.breaker.cover(heartbeat.intervalMs);
    const tickMs = tickMsFor(watch.settings);
    if (tickMs >= this.tickMs) return;
    this.tickMs = tickMs;
    this.awake.maxStepMs = TICKS_PER_STEP * tickMs;
    this.stalls.reportFromMs = TICKS_TO_REPORT * tickMs;
    if (this.pulse.isRunning) this.pulse.start(tickMs);
  }
}
