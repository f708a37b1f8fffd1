/** Percentiles of the latest latencies, in milliseconds. */
export interface LatencyPercentiles {
  readonly p50: number;
  readonly p99: number;
}

const SAMPLES = 2048;

/** The latest latencies of all connections, in bounded memory. */
export class LatencyWindow {
  private readonly samples = new Float64Array(SAMPLES);
  private count = 0;
  /** Told of each latency, if anybody wants to know. */
  listener: ((gateway: string, latencyMs: number) => void) | undefined;

  add(gateway: string, latencyMs: number): void {
    this.listener?.(gateway, latencyMs);
    this.samples[this.count % SAMPLES] = latencyMs;
    this.count++;
  }

  /** @returns `undefined` before the first answer */
  percentiles(): LatencyPercentiles | undefined {
    if (this.count === 0) return undefined;
    const sorted = this.samples.slice(0, Math.min(this.count, SAMPLES)).sort();
    const at = (share: number): number =>
      sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!;
    return { p50: at(0.5), p99: at(0.99) };
  }
}
