import type { Registry } from 'prom-client';

/** Resolved metrics options. */
export interface MetricsSettings {
  /** `undefined` for the default registry of prom-client. */
  readonly registry: Registry | undefined;
  readonly prefix: string;
}
