/**
 * How far values are from an even distribution between two bounds: the statistic of Kolmogorov and Smirnov, times √n.
 * Even ones are above 1.95 once in a thousand times, and above 2.2 once in eight thousand.
 */
export function unevenness(values: readonly number[], from: number, to: number): number {
  const sorted = values.map((value) => (value - from) / (to - from)).sort((one, other) => one - other);
  const n = sorted.length;
  const distances = sorted.flatMap((value, index) => [
    Math.abs(value - index / n),
    Math.abs(value - (index + 1) / n),
  ]);
  return Math.max(...distances) * Math.sqrt(n);
}

/** A generator of numbers from 0 to 1 that are the same in each run (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
