/** How long somebody in between lets a WebSocket be silent, as people meet it. */
export interface IdleLimit {
  readonly ms: number;
  /** In words, to stand behind a colon. */
  readonly whose: string;
}

const KNOWN: readonly IdleLimit[] = [
  { ms: 50_000, whose: 'the limit of HAProxy as Debian ships it' },
  { ms: 55_000, whose: "the limit of Heroku's router" },
  { ms: 60_000, whose: 'the default of nginx (proxy_read_timeout), Apache and AWS ALB' },
  { ms: 100_000, whose: 'the limit of Cloudflare' },
  { ms: 350_000, whose: 'the default of AWS NLB' },
];

/** How far from a limit cuts at that limit are measured: timers may be late, and begin before the silence does. */
export function idleToleranceMs(limitMs: number): number {
  return Math.max(2_000, limitMs * 0.03);
}

/** The limit that a measured one is, as far as it is known. Pure. */
export function knownIdleLimit(measuredMs: number): IdleLimit | undefined {
  const distance = (limit: IdleLimit): number => Math.abs(limit.ms - measuredMs);
  const nearest = KNOWN.reduce((one, other) => (distance(other) < distance(one) ? other : one));
  return distance(nearest) <= idleToleranceMs(nearest.ms) ? nearest : undefined;
}
