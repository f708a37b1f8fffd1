import { Controller, Get } from '@nestjs/common';
import { HealthCheck, HealthCheckService, type HealthCheckResult } from '@nestjs/terminus';
import { ConnectionHealthIndicator } from 'nestjs-connection-health';

import { settings } from './settings.js';

/** Two questions, two answers: see docs/health-checks.md. */
@Controller('health')
export class HealthController {
  constructor(
    private readonly health: HealthCheckService,
    private readonly connections: ConnectionHealthIndicator,
  ) {}

  /** Is this process to be restarted? */
  @Get('live')
  @HealthCheck()
  live(): Promise<HealthCheckResult> {
    return this.health.check([() => this.connections.isAlive('websockets')]);
  }

  /** Should this process get new clients? */
  @Get('ready')
  @HealthCheck()
  ready(): Promise<HealthCheckResult> {
    const { maxConnections } = settings;
    const thresholds = { maxConnections, degradedConnections: Math.floor(0.8 * maxConnections) };
    return this.health.check([() => this.connections.isReady('websockets', thresholds)]);
  }
}
