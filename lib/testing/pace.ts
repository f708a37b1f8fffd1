import type { Clock } from '../clock/clock.js';

/** Whose time a pace keeps: a fake clock's, or the real one. */
export type PaceClock = Pick<Clock, 'monotonic' | 'every'>;

/** Small pieces, so that a slow peer is slow all the time and not in bursts. */
const PIECE_MS = 20;

const REAL_TIME: PaceClock = {
  monotonic: () => performance.now(),
  every: (intervalMs, run) => {
    const timer = setInterval(run, intervalMs);
    return () => clearInterval(timer);
  },
};

/**
 * Calls `move` again and again with the number of bytes that may pass by now. What is not moved is not made up for.
 *
 * @param bytesPerSecond above 0
 * @returns stops it
 * @throws RangeError for any other speed
 */
export function pace(
  {
    bytesPerSecond,
    clock = REAL_TIME,
  }: { readonly bytesPerSecond: number; readonly clock?: PaceClock | undefined },
  move: (bytes: number) => void,
): () => void {
  if (!(bytesPerSecond > 0)) throw new RangeError(`expected bytesPerSecond above 0, got ${bytesPerSecond}`);
  const startedAt = clock.monotonic();
  let moved = 0;
  return clock.every(Math.max(PIECE_MS, 1000 / bytesPerSecond), () => {
    // The tiny summand keeps thirds of a byte that add up to one from being 0.999…
    const due = Math.floor(((clock.monotonic() - startedAt) * bytesPerSecond) / 1000 + 1e-6) - moved;
    if (due <= 0) return;
    moved += due;
    move(due);
  });
}
