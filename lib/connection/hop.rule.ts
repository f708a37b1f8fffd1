import { HAS_ANSWERED, HELD_UP } from './connection.block.js';
import type { WatchedServer } from './watched.server.js';

/** No flag of a connection: a mask with it lets a hop's evidence count for everybody. */
const EVERYBODY = 32;

/** Of these flags it counts when they are not set. */
const INVERTED = EVERYBODY | HAS_ANSWERED;

/**
 * For which connections of a server a hop's evidence counts (R1), as a mask over their flags: for all where no heartbeats
 * are asked or no client speaks them, for those that cannot be asked at present, and, with `enforce: negotiated`, for
 * those that have not shown yet that they answer.
 */
export function hopMaskOf({ settings: { heartbeat }, crowd }: WatchedServer): number {
  if (heartbeat === false || crowd.isMute) return EVERYBODY;
  return heartbeat.enforce === 'negotiated' ? HELD_UP | HAS_ANSWERED : HELD_UP;
}

/** Whether a hop's evidence counts for a connection. */
export function hopCounts(flags: number, mask: number): boolean {
  return ((flags ^ INVERTED) & mask) !== 0;
}
