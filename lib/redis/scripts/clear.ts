import { script, WRITES } from './script.js';

/**
 * Deletes the tables of a life for good. The tombstone refuses writes that come late, and answers who asks again.
 *
 * KEYS 1 records, 2 activity, 3 identities, 4 tombstone
 * ARGV 1 keep in ms
 * Returns how many records there were
 */
export const CLEAR = script(`
local known = redis.call('GET', KEYS[4])
if known then return tonumber(known) end
local count = redis.call('HLEN', KEYS[1]) - redis.call('HEXISTS', KEYS[1], '${WRITES}')
redis.call('UNLINK', KEYS[1], KEYS[2], KEYS[3])
redis.call('SET', KEYS[4], count, 'PX', ARGV[1])
return count
`);
