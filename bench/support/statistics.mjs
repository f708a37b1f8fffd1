/** The middle of some numbers. */
export function median(numbers) {
  const sorted = numbers.toSorted((one, other) => one - other);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** The smallest and the largest. */
export function spread(numbers) {
  return [Math.min(...numbers), Math.max(...numbers)];
}

/**
 * The median, and the interval that holds the true one with a certainty of 95 % at least, from the order of the numbers
 * alone (the sign test's interval; for fewer than six numbers it is all of them).
 */
export function intervalOf(numbers) {
  const sorted = numbers.toSorted((one, other) => one - other);
  const { length } = sorted;
  // As many as may lie outside at each end: P(X <= k) of a binomial distribution with p = 1/2.
  let [outside, chance, probability] = [0, 0.5 ** length, 0.5 ** length];
  while (probability + (chance * (length - outside)) / (outside + 1) <= 0.025) {
    chance *= (length - outside) / (outside + 1);
    probability += chance;
    outside++;
  }
  const edge = probability <= 0.025 ? outside : 0;
  return { median: median(sorted), from: sorted[edge], to: sorted[length - 1 - edge] };
}
