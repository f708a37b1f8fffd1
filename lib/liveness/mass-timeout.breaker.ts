import type { AwakeTime } from '../clock/awake.clock.js';

/** When to suspect ourselves (R7). */
export interface MassTimeoutSettings {
  /** Share of those who should have answered by now. */
  readonly ratio: number;
  /** Fewer connections than this are no mass. */
  readonly minConnections: number;
}

/** What made the breaker hold. */
export interface MassSilence {
  readonly asked: number;
  readonly silent: number;
}

/** Fewer questions say nothing about a crowd. */
const MIN_SAMPLE = 8;
const SLOTS = 64;

/**
 * Suspects ourselves when very many would die at once (R7). Beats are spread over the interval, so the verdicts on a
 * crowd that fell silent in one moment come one by one: whoever waits until enough have come has closed most of them.
 * The breaker therefore looks at the questions themselves: of those asked in one sliding window whose answer should be
 * here by now, how many have none. Pure bookkeeping; holds no timer.
 */
export class MassTimeoutBreaker {
  private readonly asked = new Int32Array(SLOTS);
  private readonly heard = new Int32Array(SLOTS);
  private slotMs = 1;
  private intervalMs = 0;
  private lastSlot = 0;

  private episodeStartedAt: AwakeTime = -Infinity;

  constructor(private readonly settings: MassTimeoutSettings | false) {}

  /** There are connections that are asked at this interval: the window must hold the longest. */
  cover(intervalMs: number): void {
    if (intervalMs <= this.intervalMs) return;
    this.intervalMs = intervalMs;
    // Questions are looked at for less than an interval; the rest is room for stalls and slow readers.
    this.slotMs = Math.max(1, Math.ceil(intervalMs / (SLOTS / 4)));
    this.asked.fill(0);
    this.heard.fill(0);
    this.lastSlot = 0;
  }

  noteAsked(at: AwakeTime): void {
    this.asked[this.turnTo(at) % SLOTS]!++;
  }

  /** A question asked at `askedAt` has done its work: its peer was heard of, or has gone. */
  noteHeard(askedAt: AwakeTime): void {
    const slot = Math.floor(askedAt / this.slotMs);
    if (slot > this.lastSlot - SLOTS) this.heard[slot % SLOTS]!++;
  }

  /**
   * Whether a verdict on a question should be held.
   *
   * @param question when it was asked, and for how long an answer to it is waited
   * @param population connections that are asked at all
   */
  shouldHold(
    question: { readonly askedAt: AwakeTime; readonly timeoutMs: number },
    population: number,
    now: AwakeTime,
  ): MassSilence | undefined {
    const { settings } = this;
    if (settings === false || population < settings.minConnections) return undefined;
    this.turnTo(now);
    const silence = this.silenceBetween(question.askedAt, now - question.timeoutMs / 2);
    // Too few were asked in so short a time to tell: a second question costs one more timeout, which is as short.
    if (this.isEpisode(now) || silence.asked < MIN_SAMPLE) return silence;
    if (silence.silent <= settings.ratio * silence.asked) return undefined;
    this.episodeStartedAt = now;
    return silence;
  }

  /**
   * Whether a mass of silence was found within the last interval: so long it takes until everybody who fell silent in
   * one moment has had its verdict, and so long each of them is held.
   */
  isEpisode(now: AwakeTime): boolean {
    return now - this.episodeStartedAt <= this.intervalMs;
  }

  private silenceBetween(from: AwakeTime, to: AwakeTime): MassSilence {
    let [asked, heard] = [0, 0];
    const oldest = Math.max(Math.floor(from / this.slotMs), this.lastSlot - SLOTS + 1, 0);
    for (let slot = oldest; slot <= Math.floor(to / this.slotMs); slot++) {
      asked += this.asked[slot % SLOTS]!;
      heard += this.heard[slot % SLOTS]!;
    }
    return { asked, silent: asked - heard };
  }

  private turnTo(at: AwakeTime): number {
    const slot = Math.floor(at / this.slotMs);
    while (this.lastSlot < slot) {
      this.lastSlot++;
      this.asked[this.lastSlot % SLOTS] = 0;
      this.heard[this.lastSlot % SLOTS] = 0;
    }
    return slot;
  }
}
