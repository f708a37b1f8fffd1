/** The longest that `setTimeout` can wait; it takes what is longer for no time at all. */
const MAX_MS = 2 ** 31 - 1;

/** Waits for one thing at a time, and tells how late it was told of the end. */
export class SingleTimer {
  #timer: ReturnType<typeof setTimeout> | undefined;

  /**
   * Forgets what it waited for and waits anew, 24 days at most.
   *
   * @param run told by how many milliseconds the timer was late: a page may be hidden, frozen or asleep
   * @param isHolding whether a Node process must live on for it
   */
  start(ms: number, run: (lateMs: number) => void, isHolding = false): void {
    this.stop();
    const dueAt = performance.now() + ms;
    this.#timer = setTimeout(() => run(performance.now() - dueAt), Math.min(ms, MAX_MS));
    // In browsers it is a number.
    if (!isHolding) (this.#timer as { unref?: () => void }).unref?.();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}
