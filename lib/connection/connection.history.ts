import type { CloseReason } from '../protocol/close-reasons.js';
import type { GhostKind } from './connection.js';

/** All connections of this process at one moment. Counts of what has happened run from the start of the process. */
export interface HistorySample {
  /** Milliseconds since the Unix epoch. */
  readonly at: number;
  readonly active: number;
  readonly closing: number;
  /** Identities that have at least one connection. */
  readonly identities: number;
  readonly opened: number;
  readonly closed: Readonly<Record<CloseReason, number>>;
  readonly ghosts: Readonly<Record<GhostKind, number>>;
  /** Ghosts that were only observed. */
  readonly spared: Readonly<Record<GhostKind, number>>;
  /** Milliseconds; absent before the first answer. */
  readonly latencyP50Ms?: number;
  readonly latencyP99Ms?: number;
}

/** A sample with its age by the monotonic clock: the system's date, which the sample shows, may jump. */
export interface AgedSample {
  readonly ageMs: number;
  readonly sample: HistorySample;
}

/** Between two samples of the finer and of the coarser record. */
const FINE_MS = 10_000;
const COARSE_MS = 300_000;
const FINE_SAMPLES = 361;
const COARSE_SAMPLES = 289;

/** What the last hour (every 10 s) and the last day (every 5 min) looked like, in bounded memory. */
export class ConnectionHistory {
  /** Oldest first. */
  readonly lastHour: HistorySample[] = [];
  readonly lastDay: HistorySample[] = [];
  /** When the samples of the last hour were taken, monotonic. */
  private readonly takenAt: number[] = [];
  private nextFineAt = -Infinity;
  private nextCoarseAt = -Infinity;

  /**
   * Takes a sample, if it is time.
   *
   * @param nowMs monotonic
   * @returns whether it was
   */
  note(nowMs: number, take: () => HistorySample): boolean {
    if (nowMs < this.nextFineAt) return false;
    const sample = take();
    this.nextFineAt = nowMs + FINE_MS;
    push(this.lastHour, sample, FINE_SAMPLES);
    push(this.takenAt, nowMs, FINE_SAMPLES);
    if (nowMs >= this.nextCoarseAt) {
      this.nextCoarseAt = nowMs + COARSE_MS;
      push(this.lastDay, sample, COARSE_SAMPLES);
    }
    return true;
  }

  /**
   * Samples of the last hour that are not older than `spanMs`, oldest first.
   *
   * @param nowMs monotonic
   */
  recent(spanMs: number, nowMs: number): AgedSample[] {
    return this.lastHour
      .map((sample, index) => ({ ageMs: nowMs - this.takenAt[index]!, sample }))
      .filter(({ ageMs }) => ageMs <= spanMs);
  }
}

function push<Sample>(samples: Sample[], sample: Sample, max: number): void {
  samples.push(sample);
  if (samples.length > max) samples.shift();
}
