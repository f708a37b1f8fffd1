import type { Type } from '@nestjs/common';

import type { DiagnosticsSettings } from './diagnostics.settings.js';

/** The controllers that serve what the options ask for. */
export function diagnosticsControllers(settings: DiagnosticsSettings | false): Type[] {
  if (settings === false) return [];
  return [];
}
