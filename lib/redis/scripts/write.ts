import { script, WRITES } from './script.js';

/**
 * Writes differences into the tables of a life, and keeps what is there; nothing, where the life was cleared away. Each
 * table counts its writes in a field of its own: tables may be lost one by one, by eviction.
 *
 * KEYS 1 records, 2 activity, 3 identities, 4 tombstone
 * ARGV 1 keep in ms, then for each table: how many to set, field, text, …, how many to remove, field, …
 * Returns the fewest writes that a table has counted, or -1
 */
export const WRITE = script(`
if redis.call('EXISTS', KEYS[4]) == 1 then return -1 end
local at = 2
local fewest = math.huge
for number = 1, 3 do
  local sets = tonumber(ARGV[at])
  if sets > 0 then redis.call('HSET', KEYS[number], unpack(ARGV, at + 1, at + 2 * sets)) end
  at = at + 1 + 2 * sets
  local gone = tonumber(ARGV[at])
  if gone > 0 then redis.call('HDEL', KEYS[number], unpack(ARGV, at + 1, at + gone)) end
  at = at + 1 + gone
  fewest = math.min(fewest, redis.call('HINCRBY', KEYS[number], '${WRITES}', 1))
  redis.call('PEXPIRE', KEYS[number], ARGV[1])
end
return fewest
`);
