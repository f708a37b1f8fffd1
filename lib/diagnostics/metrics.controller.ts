import { Get, Inject, Res, type Type } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';

import { DIAGNOSTICS_SOURCE } from '../connection-health.tokens.js';
import { DiagnosticsReply } from './diagnostics.reply.js';
import { DiagnosticsRoute } from './diagnostics.route.js';
import type { DiagnosticsSettings } from './diagnostics.settings.js';
import type { DiagnosticsSource } from './diagnostics.source.js';

const OFF = 'No metrics are kept: the option "metrics" of ConnectionHealthModule is false.';

/** Serves Prometheus text at `GET <path>/metrics`. A class for each module: two apps share nothing. */
export function metricsController(settings: DiagnosticsSettings): Type {
  @DiagnosticsRoute(settings)
  class ConnectionHealthMetricsController {
    private readonly reply: DiagnosticsReply;

    constructor(
      @Inject(DIAGNOSTICS_SOURCE) private readonly source: DiagnosticsSource,
      @Inject(HttpAdapterHost) host: HttpAdapterHost,
    ) {
      this.reply = new DiagnosticsReply(host);
    }

    @Get('metrics')
    async show(@Res() response: object): Promise<void> {
      const metrics = await this.source.metrics();
      if (metrics === undefined) this.reply.refuse(response, 404, OFF);
      else this.reply.text(response, metrics);
    }
  }
  return ConnectionHealthMetricsController;
}
