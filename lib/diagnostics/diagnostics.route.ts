import { applyDecorators, Controller, UseGuards, VERSION_NEUTRAL } from '@nestjs/common';

import type { DiagnosticsSettings } from './diagnostics.settings.js';

/** Makes a class a controller below the path of the endpoint: behind all its guards, and in every version of the app. */
export function DiagnosticsRoute({ path, guards }: DiagnosticsSettings): ClassDecorator {
  return applyDecorators(Controller({ path, version: VERSION_NEUTRAL }), UseGuards(...guards));
}
