import { AFTER_NUMBER, NOW, script } from './script.js';

/**
 * Takes a life out of the directory and notes the loss, for the reaper whose claim it is, who may ask twice. A full list of
 * losses forgets the oldest.
 *
 * KEYS 1 nodes, 2 summaries, 3 claims, 4 losses
 * ARGV 1 life, 2 reaper, 3 note, 4 keep in ms, 5 losses to remember
 * Returns 1, or 0 where the claim is not this reaper's
 */
export const BURY = script(`${NOW}
local claim = redis.call('HGET', KEYS[3], ARGV[1])
local noted = redis.call('HGET', KEYS[4], ARGV[1])
if not claim and noted and string.match(noted, '${AFTER_NUMBER}') == ARGV[3] then return 1 end
if not claim or string.match(claim, '${AFTER_NUMBER}') ~= ARGV[2] then return 0 end
redis.call('ZREM', KEYS[1], ARGV[1])
redis.call('HDEL', KEYS[2], ARGV[1])
redis.call('HDEL', KEYS[3], ARGV[1])
if redis.call('HLEN', KEYS[4]) >= tonumber(ARGV[5]) then
  local oldest, since
  local losses = redis.call('HGETALL', KEYS[4])
  for at = 1, #losses, 2 do
    local lost = tonumber(string.match(losses[at + 1], '^%d+')) or 0
    if not since or lost < since then oldest, since = losses[at], lost end
  end
  redis.call('HDEL', KEYS[4], oldest)
end
redis.call('HSET', KEYS[4], ARGV[1], string.format('%.0f ', now) .. ARGV[3])
redis.call('PEXPIRE', KEYS[4], ARGV[4])
return 1
`);
