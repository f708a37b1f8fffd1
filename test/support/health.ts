import { Controller, Get, type ModuleMetadata } from '@nestjs/common';
import {
  HealthCheck,
  HealthCheckService,
  HealthIndicatorService,
  TerminusModule,
  type HealthCheckResult,
} from '@nestjs/terminus';
import { ConnectionHealthIndicator, type ReadinessThresholds } from 'nestjs-connection-health';

/** What a probe was answered. */
export interface ProbeAnswer {
  readonly code: number;
  /** Of the whole check, in Terminus' words. */
  readonly overall: string;
  /** What our indicator said. */
  readonly ws: Record<string, unknown>;
}

/** What an app needs to be probed at `/live` and `/ready`. */
export function healthChecks(thresholds?: ReadinessThresholds): ModuleMetadata {
  @Controller()
  class HealthController {
    constructor(
      private readonly health: HealthCheckService,
      private readonly connections: ConnectionHealthIndicator,
    ) {}

    @Get('live')
    @HealthCheck()
    live(): Promise<HealthCheckResult> {
      return this.health.check([() => this.connections.isAlive('ws')]);
    }

    @Get('ready')
    @HealthCheck()
    ready(): Promise<HealthCheckResult> {
      return this.health.check([() => this.connections.isReady('ws', thresholds)]);
    }
  }
  return { imports: [TerminusModule.forRoot({ logger: false })], controllers: [HealthController] };
}

/** Probes over HTTP, as an orchestrator does. @param url of the app's server, `ws:` */
export async function probe(url: string, path: 'live' | 'ready'): Promise<ProbeAnswer> {
  const response = await fetch(`${url.replace('ws:', 'http:')}/${path}`);
  const { status, details } = (await response.json()) as {
    status: string;
    details: { ws: Record<string, unknown> };
  };
  return { code: response.status, overall: status, ws: details.ws };
}

/** Whether this Terminus has the state `degraded`: from 12 on. */
export const knowsDegraded: boolean = 'degraded' in new HealthIndicatorService().check('any');

/** What a probe of something degraded is answered by this Terminus. */
export const DEGRADED = knowsDegraded
  ? { code: 200, overall: 'degraded', ws: { status: 'degraded' } }
  : { code: 200, overall: 'ok', ws: { status: 'up', degraded: true } };
