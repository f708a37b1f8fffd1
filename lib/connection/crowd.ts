/** All clients of one codec taken together: whether they speak its heartbeats at all (R7). */
export class Crowd {
  /** Connections that were asked at least once. */
  private asked = 0;
  /** Whether any of them has ever answered. */
  hasAnswered = false;

  /** @param minConnections so many must have been asked before silence says something; never, where it is infinite */
  constructor(private readonly minConnections: number) {}

  /** Whether enough were asked and none has ever answered: then misses say nothing about a single one. */
  get isMute(): boolean {
    return !this.hasAnswered && this.asked >= this.minConnections;
  }

  /** @returns whether the crowd has turned out to be mute just now */
  noteAsked(): boolean {
    this.asked++;
    return !this.hasAnswered && this.asked === this.minConnections;
  }

  /** @returns whether the crowd was taken to be mute until just now */
  noteAnswered(): boolean {
    const wasMute = this.isMute;
    this.hasAnswered = true;
    return wasMute;
  }
}

/** One crowd for each codec: that clients of one wire answer says nothing of those of another. */
export class Crowds {
  private readonly byCodec = new Map<string, Crowd>();

  constructor(private readonly minConnections: number) {}

  /** @param codec its name */
  of(codec: string): Crowd {
    const known = this.byCodec.get(codec) ?? new Crowd(this.minConnections);
    this.byCodec.set(codec, known);
    return known;
  }

  /** Whether one of them is mute. */
  get isMute(): boolean {
    return [...this.byCodec.values()].some((crowd) => crowd.isMute);
  }
}
