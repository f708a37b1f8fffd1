import type { EngineServer, EngineSocket } from './engine-io.internals.js';

/**
 * For how long a client need not be asked, in milliseconds. The standard one leaves `pingInterval` + `pingTimeout` after it
 * was asked last: half of `pingTimeout` is for the question to arrive. Never longer than `pingInterval`.
 */
export function patienceOf({ pingInterval, pingTimeout }: EngineServer['opts'], askedAgoMs: number): number {
  const leftMs = pingInterval - askedAgoMs + pingTimeout / 2;
  return Math.min(Math.max(leftMs, 0), pingInterval);
}

/** How long a client waits for a question, in real time: its own clock and Engine.IO's know no other. */
export class EnginePatience {
  /** In milliseconds of `performance.now()`; `undefined` for one that was there before us, until we have asked. */
  private askedAt: number | undefined;

  /** @param isNew whether its client has connected just now: it waits as if it had been asked */
  constructor(
    private readonly socket: EngineSocket,
    isNew: boolean,
  ) {
    if (isNew) this.asked();
  }

  asked(): void {
    this.askedAt = performance.now();
  }

  /** Nobody knows when it was asked. */
  get isUnknown(): boolean {
    return this.askedAt === undefined;
  }

  /** What is left of it, in milliseconds; where it is not known, what is left in the worst case. */
  get leftMs(): number {
    const { opts } = this.socket.server;
    return patienceOf(opts, this.isUnknown ? opts.pingInterval : performance.now() - this.askedAt!);
  }

  /** A time within what is left, in milliseconds from now, and another one for each: many at once would be a wave. */
  somewhen(): number {
    return Math.random() * this.leftMs;
  }
}
