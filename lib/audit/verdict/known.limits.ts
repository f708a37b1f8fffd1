/** Whose limit it is by default, as people meet them. */
const DEFAULTS: readonly (readonly [seconds: number, whose: string])[] = [
  [50, 'HAProxy as Debian ships it has this limit'],
  [55, 'Heroku has this limit'],
  [60, "nginx (proxy_read_timeout), Apache and AWS' ALB have this limit by default"],
  [100, 'Cloudflare has about this limit'],
  [350, "AWS' NLB has this limit by default"],
];
/** A timer may be late, and may begin a little before the silence does. */
const TOLERANCE = 0.03;

/** Who is known for an idle limit; `undefined` where nobody is. */
export function knownFor(limitMs: number): string | undefined {
  const match = DEFAULTS.find(([seconds]) => Math.abs(limitMs / 1_000 / seconds - 1) <= TOLERANCE);
  return match?.[1];
}
