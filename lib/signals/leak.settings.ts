/** Resolved leak options. */
export interface LeakSettings {
  readonly growthPerHour: number;
  readonly staleRatio: number;
  readonly ghostsPerHour: number;
  readonly minSample: number;
}
