import type { Provider, Type } from '@nestjs/common';

import { aggregatesController } from './aggregates.controller.js';
import { connectionsController } from './connections.controller.js';
import type { DiagnosticsSettings } from './diagnostics.settings.js';
import { metricsController } from './metrics.controller.js';
import { livePage } from './page/page.controller.js';

/** What serves the endpoint. */
export interface DiagnosticsParts {
  readonly controllers: Type[];
  readonly providers: Provider[];
}

/** The controllers that serve what the options ask for, and what they need; what is not asked for has no route. */
export function diagnosticsParts(settings: DiagnosticsSettings | false): DiagnosticsParts {
  if (settings === false) return { controllers: [], providers: [] };
  const page = settings.dashboard ? [livePage(settings)] : [];
  return {
    controllers: [
      aggregatesController(settings),
      ...page.map(({ controller }) => controller),
      ...(settings.metrics ? [metricsController(settings)] : []),
      ...(settings.details ? [connectionsController(settings)] : []),
    ],
    providers: page.map(({ provider }) => provider),
  };
}
