import { Get, Inject, Res, type Type } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';

import { DIAGNOSTICS_SOURCE } from '../connection-health.tokens.js';
import { DiagnosticsReply } from './diagnostics.reply.js';
import { DiagnosticsRoute } from './diagnostics.route.js';
import type { DiagnosticsSettings } from './diagnostics.settings.js';
import type { DiagnosticsSource } from './diagnostics.source.js';

/** Serves the `DiagnosticsSnapshot` at `GET <path>`. A class for each module: two apps share nothing. */
export function aggregatesController(settings: DiagnosticsSettings): Type {
  @DiagnosticsRoute(settings)
  class ConnectionHealthController {
    private readonly reply: DiagnosticsReply;

    constructor(
      @Inject(DIAGNOSTICS_SOURCE) private readonly source: DiagnosticsSource,
      @Inject(HttpAdapterHost) host: HttpAdapterHost,
    ) {
      this.reply = new DiagnosticsReply(host);
    }

    @Get()
    show(@Res() response: object): void {
      this.reply.json(response, this.source.snapshot());
    }
  }
  return ConnectionHealthController;
}
