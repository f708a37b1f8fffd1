import { script } from './script.js';

/**
 * Takes a life out of the directory; with the last one the directory itself goes.
 *
 * KEYS 1 nodes, 2 summaries, 3 claims, 4 losses, 5 meta
 * ARGV 1 life
 */
export const LEAVE = script(`
redis.call('ZREM', KEYS[1], ARGV[1])
redis.call('HDEL', KEYS[2], ARGV[1])
redis.call('HDEL', KEYS[3], ARGV[1])
if redis.call('EXISTS', KEYS[1]) == 0 then redis.call('UNLINK', KEYS[4], KEYS[5]) end
return 0
`);
