import { createHash } from 'node:crypto';

/** A script of ours, which a server runs as one step. */
export interface Script {
  readonly text: string;
  /** How servers know it once they have seen it. */
  readonly sha: string;
}

export function script(text: string): Script {
  return { text, sha: createHash('sha1').update(text).digest('hex') };
}

/** The field in which a table counts its writes; nodes' own fields are numbers in base 36. */
export const WRITES = '#';

/** The server's time in milliseconds, as `now`: no clock of a node decides about a lease. */
export const NOW = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
`;

/** A text after a number of milliseconds: a summary after its lease, a note after its time. */
export const AFTER_NUMBER = '^%d+ (.*)$';

/**
 * A node is heard of. After a time in which none was, the server itself was away: nobody is taken for dead for a lease.
 *
 * @param meta, lease, away, keep which of KEYS and ARGV they are
 */
export function heard(
  meta: string,
  { lease, away, keep }: Record<'lease' | 'away' | 'keep', string>,
): string {
  return `
local asked = tonumber(redis.call('HGET', ${meta}, 'asked') or '0')
if now - asked > tonumber(${away}) then redis.call('HSET', ${meta}, 'grace', now + ${lease}) end
redis.call('HSET', ${meta}, 'asked', now)
redis.call('PEXPIRE', ${meta}, ${keep})
`;
}
