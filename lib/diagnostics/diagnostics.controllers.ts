import type { Type } from '@nestjs/common';

import { aggregatesController } from './aggregates.controller.js';
import { connectionsController } from './connections.controller.js';
import type { DiagnosticsSettings } from './diagnostics.settings.js';
import { metricsController } from './metrics.controller.js';
import { pageController } from './page/page.controller.js';

/** The controllers that serve what the options ask for; what they do not ask for has no route. */
export function diagnosticsControllers(settings: DiagnosticsSettings | false): Type[] {
  if (settings === false) return [];
  return [
    aggregatesController(settings),
    ...(settings.dashboard ? [pageController(settings)] : []),
    ...(settings.metrics ? [metricsController(settings)] : []),
    ...(settings.details ? [connectionsController(settings)] : []),
  ];
}
