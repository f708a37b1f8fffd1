import { script } from './script.js';

/**
 * Takes a life out of the directory and notes the loss, for the reaper whose claim it is, who may ask twice. A full list of
 * losses begins anew.
 *
 * KEYS 1 nodes, 2 summaries, 3 claims, 4 losses
 * ARGV 1 life, 2 reaper, 3 note, 4 keep in ms, 5 losses to remember
 * Returns 1, or 0 where the claim is not this reaper's
 */
export const BURY = script(`
local claim = redis.call('HGET', KEYS[3], ARGV[1])
if not claim and redis.call('HGET', KEYS[4], ARGV[1]) == ARGV[3] then return 1 end
if not claim or string.match(claim, '^%d+ (.*)$') ~= ARGV[2] then return 0 end
redis.call('ZREM', KEYS[1], ARGV[1])
redis.call('HDEL', KEYS[2], ARGV[1])
redis.call('HDEL', KEYS[3], ARGV[1])
if redis.call('HLEN', KEYS[4]) >= tonumber(ARGV[5]) then redis.call('UNLINK', KEYS[4]) end
redis.call('HSET', KEYS[4], ARGV[1], ARGV[3])
redis.call('PEXPIRE', KEYS[4], ARGV[4])
return 1
`);
