/** Resolved backoff options, in milliseconds. */
export interface BackoffSettings {
  readonly initialMs: number;
  readonly maxMs: number;
}

/**
 * How long to wait before an attempt: exponential with full jitter, the first one included, so that clients which lost
 * their server at the same moment do not come back at the same moment (AWS Architecture Blog, "Exponential Backoff And
 * Jitter"). The jitter is drawn after the cap: it survives it. Pure.
 *
 * @param attempt failed ones before this, from 0
 * @param random from 0 to 1
 * @returns milliseconds
 */
export function backoffMs(attempt: number, { initialMs, maxMs }: BackoffSettings, random: number): number {
  return random * Math.min(maxMs, initialMs * 2 ** attempt);
}
