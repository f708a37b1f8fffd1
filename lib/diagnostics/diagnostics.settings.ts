import type { CanActivate, Type } from '@nestjs/common';

/** Resolved diagnostics options. */
export interface DiagnosticsSettings {
  readonly path: string;
  readonly guards: readonly (Type<CanActivate> | CanActivate)[];
  readonly details: boolean;
  readonly dashboard: boolean;
  readonly metrics: boolean;
}
