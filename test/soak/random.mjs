/** Randomness that a seed repeats (mulberry32). */
export class Random {
  #state;

  constructor(seed) {
    this.#state = seed >>> 0;
  }

  /** From 0 to below 1. */
  next() {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  between(low, high) {
    return low + this.next() * (high - low);
  }

  chance(probability) {
    return this.next() < probability;
  }

  /** A whole number near `expected` that is right on average. */
  about(expected) {
    return Math.floor(expected + this.next());
  }

  pick(list) {
    return list[Math.floor(this.next() * list.length)];
  }

  /** A key of `weights`, the heavier the likelier. */
  weighted(weights) {
    const entries = Object.entries(weights);
    let rest = this.next() * entries.reduce((sum, [, weight]) => sum + weight, 0);
    return (entries.find(([, weight]) => (rest -= weight) < 0) ?? entries.at(-1))[0];
  }
}
