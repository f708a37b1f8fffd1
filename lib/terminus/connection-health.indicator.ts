import { setImmediate as nextTurn } from 'node:timers/promises';

import { Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';
import { HealthIndicatorService, type HealthIndicatorResult } from '@nestjs/terminus';

import { VITALS_SOURCE } from '../connection-health.tokens.js';
import { judgeReadiness, type Readiness } from './readiness.policy.js';
import { resolveThresholds, type ReadinessThresholds } from './readiness.thresholds.js';
import { sweepRuns, worstOf } from './sweep.policy.js';
import type { SweepVitals, VitalsSource } from './vitals.source.js';

/** A probe that is read first after a stall, then the timers that are due, then whatever they have put off. */
const TURNS_OF_GRACE = 2;

/**
 * Answers the two questions of an orchestrator, with Terminus 11 and 12.
 *
 * @example
 * ```ts
 * @Get('live')  @HealthCheck() live() { return this.health.check([() => this.connections.isAlive('websockets')]); }
 * @Get('ready') @HealthCheck() ready() { return this.health.check([() => this.connections.isReady('websockets')]); }
 * ```
 */
@Injectable()
export class ConnectionHealthIndicator implements OnModuleDestroy {
  private isClosing = false;

  constructor(
    private readonly health: HealthIndicatorService,
    @Inject(VITALS_SOURCE) private readonly vitals: VitalsSource,
  ) {}

  /**
   * Is this process to be restarted? Only if the sweep does not run, so that dead connections would stay for ever: a
   * restart drops the healthy ones too. A leak, a drain or a stall that is over never fails it.
   *
   * Data, in milliseconds: `interval_ms`, `overdue_ms`, `last_sweep_ms_ago`, each where there is one.
   */
  async isAlive<const Key extends string>(key: Key): Promise<HealthIndicatorResult<Key>> {
    let sweep = this.vitals.sweep();
    // Node reads sockets before it runs the timers that a stall has made late: our timer gets its turn before it counts as dead.
    for (let turn = 0; turn < TURNS_OF_GRACE && !sweepRuns(sweep); turn++) {
      await nextTurn();
      sweep = this.vitals.sweep();
    }
    if (sweepRuns(sweep)) return this.report(key, 'up', dataOf(sweep));
    const message = 'the sweep does not run: dead connections are not found';
    return this.report(key, 'down', { message, ...dataOf(sweep) });
  }

  /**
   * Should this process get new clients? `down` for a drain, an app that closes, more than `maxConnections`, and a proven
   * leak; `degraded` for a suspected leak and more than `degradedConnections`. Terminus 11 knows no `degraded`: it gets
   * `up` with `degraded: true` in the data.
   *
   * Data: `connections`, `draining`, `findings` with their `signal`, `severity` and `message`, and the `reasons`, if any; `fleet`
   * where there is one: its `nodes` and `connections`, and whether they are `partial`.
   *
   * @throws ConnectionHealthArgumentError for thresholds that cannot be used
   */
  async isReady<const Key extends string>(
    key: Key,
    thresholds: ReadinessThresholds = {},
  ): Promise<HealthIndicatorResult<Key>> {
    const limits = resolveThresholds(thresholds);
    const { connectionCount: connections, isDraining } = this.vitals;
    const findings = this.vitals.findings();
    const fleet = this.vitals.fleet();
    const facts = { connections, findings, isDraining, isClosing: this.isClosing };
    const { status, reasons } = judgeReadiness(facts, limits);
    return this.report(key, status, {
      connections,
      draining: isDraining,
      findings: findings.map(({ signal, severity, message }) => ({ signal, severity, message })),
      ...(fleet.store !== undefined && { fleet }),
      ...(reasons.length > 0 && { reasons }),
    });
  }

  /** @internal The app begins to close; the hooks of other modules may take a while before our drain begins. */
  onModuleDestroy(): void {
    this.isClosing = true;
  }

  private report<Key extends string>(
    key: Key,
    status: Readiness['status'],
    data: Record<string, unknown>,
  ): HealthIndicatorResult<Key> {
    const session = this.health.check(key);
    if (status === 'up') return session.up(data);
    if (status === 'down') return session.down(data);
    // From Terminus 12 on.
    const knowsDegraded: boolean = 'degraded' in session;
    return knowsDegraded ? session.degraded(data) : session.up({ ...data, degraded: true });
  }
}

function dataOf(sweep: SweepVitals): Record<string, number> {
  const worst = worstOf(sweep);
  return {
    ...(worst !== undefined && { interval_ms: worst.intervalMs, overdue_ms: worst.overdueMs }),
    ...(sweep.lastSweepMsAgo !== undefined && { last_sweep_ms_ago: sweep.lastSweepMsAgo }),
  };
}
