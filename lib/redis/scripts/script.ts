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

/** The server's time in milliseconds, as `now`: no clock of a node decides about a lease. */
export const NOW = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
`;
