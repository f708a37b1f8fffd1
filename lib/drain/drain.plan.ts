/** Resolved drain options. */
export interface DrainSettings {
  readonly readinessDelayMs: number;
  readonly spreadMs: number;
  readonly timeoutMs: number;
  readonly reconnectSpreadMs: number;
}

/** When one connection is closed, and when its client is asked to come back. */
export interface DrainTurn {
  /** Milliseconds after the start. */
  readonly closeAfterMs: number;
  /** Milliseconds after its close. */
  readonly reconnectInMs: number;
}

/** A handful of clients is no wave: so many closes a second need no spreading. */
const UNNOTICED_MS_EACH = 5;

/**
 * The turn of the connection at `index` of `count`. Pure.
 *
 * Closes are spread evenly over `spreadMs`, or over less where there are few. Returns are spread evenly as well: the later a client is closed, the later
 * it is asked back, so that all of them come back at equal distances from each other.
 */
export function drainTurnOf(index: number, count: number, settings: DrainSettings): DrainTurn {
  const share = (index + 0.5) / count;
  return {
    closeAfterMs: Math.round(share * Math.min(settings.spreadMs, count * UNNOTICED_MS_EACH)),
    reconnectInMs: Math.round(share * settings.reconnectSpreadMs),
  };
}
