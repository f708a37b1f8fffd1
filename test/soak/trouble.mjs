import { now, sleep } from './monotonic.mjs';

/** Stalls, in heartbeat intervals: 0.3 to 3 s where the interval is 1.5 s. */
const ANY = [0.2, 2];
/**
 * Who was last heard of an interval ago has been silent for longer than `staleAfterMs`, three intervals, after one of
 * these; most have not, so that it is no mass either. Nobody but the credited time (R2) keeps them from the sweep.
 */
const TREACHEROUS = [2.1, 2.5];
const WAYS = ['io', 'check', 'stopped'];
/**
 * And once in a while it does not stall at all, but is busy: no turn of its event loop is long enough for a credit, and yet
 * compressed answers come faster than its inflater, which does ten in a turn, hands them on.
 */
const CRAWL = { intervals: 3, turnTicks: 0.8 };

/** Stalls the server now and then: inside its event loop, or by stopping its process. */
export class Trouble {
  count = { io: 0, check: 0, stopped: 0, crawl: 0 };
  longestMs = 0;
  #visits = 0;
  #random;
  #server;
  #settings;

  constructor({ random, server, settings }) {
    this.#random = random;
    this.#server = server;
    this.#settings = settings;
  }

  /** Stalls the server again and again until a moment, and is done by then. */
  async visit(until) {
    await this.#pause();
    await this.#begin(this.#visits++);
    for (;;) {
      await this.#pause();
      const ms = this.#length(ANY);
      if (now() + ms > until) return;
      await this.#stall(this.#random.pick(WAYS), ms);
    }
  }

  /** The worst come in turn, one in each visit. */
  async #begin(visit) {
    const way = [...WAYS, 'crawl'][visit % (WAYS.length + 1)];
    if (way !== 'crawl') return this.#stall(way, this.#length(TREACHEROUS));
    this.count.crawl++;
    const { intervalMs, tickMs } = this.#settings;
    return this.#server.ask('crawl', { ms: CRAWL.intervals * intervalMs, turnMs: CRAWL.turnTicks * tickMs });
  }

  #pause() {
    return sleep(this.#settings.intervalMs * this.#random.between(1, 3));
  }

  #length([shortest, longest]) {
    return Math.round(this.#settings.intervalMs * this.#random.between(shortest, longest));
  }

  async #stall(way, ms) {
    this.count[way]++;
    this.longestMs = Math.max(this.longestMs, ms);
    if (way !== 'stopped') {
      await this.#server.ask('stall', { ms, phase: way });
      return;
    }
    this.#server.stop();
    await sleep(ms);
    this.#server.continue();
  }
}
