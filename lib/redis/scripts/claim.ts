import { heard, NOW, script } from './script.js';

/**
 * Claims lives whose lease is over, unless the server itself was away: then leases have run out that nobody could renew.
 * A lease that ends later than it can have begun was written before the server's clock was set back, and begins anew.
 *
 * KEYS 1 nodes, 2 summaries, 3 claims, 4 meta
 * ARGV 1 reaper, 2 lease, 3 away and 4 keep in ms, 5 how many at most
 * Returns { life, when its lease ended, its lease and its summary, … }
 */
export const CLAIM = script(`${NOW}${heard('KEYS[4]', { lease: 'ARGV[2]', away: 'ARGV[3]', keep: 'ARGV[4]' })}
local claimed = {}
local latest = now + ARGV[2]
local late = redis.call('ZRANGEBYSCORE', KEYS[1], string.format('(%.0f', latest), '+inf', 'WITHSCORES')
for at = 1, #late, 2 do
  -- Another node's lease may be longer.
  local lease = tonumber(string.match(redis.call('HGET', KEYS[2], late[at]) or '', '^%d+')) or 0
  if tonumber(late[at + 1]) > now + lease then redis.call('ZADD', KEYS[1], now + lease, late[at]) end
end
local grace = tonumber(redis.call('HGET', KEYS[4], 'grace') or '0')
if now < grace and grace <= latest then return claimed end
local lapsed = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'WITHSCORES', 'LIMIT', 0, ARGV[5])
for at = 1, #lapsed, 2 do
  local claim = redis.call('HGET', KEYS[3], lapsed[at])
  local ends = claim and tonumber(string.match(claim, '^%d+')) or 0
  if ends <= now or ends > latest then
    redis.call('HSET', KEYS[3], lapsed[at], string.format('%.0f', now + ARGV[2]) .. ' ' .. ARGV[1])
    claimed[#claimed + 1] = lapsed[at]
    claimed[#claimed + 1] = lapsed[at + 1]
    claimed[#claimed + 1] = redis.call('HGET', KEYS[2], lapsed[at]) or ''
  end
end
redis.call('PEXPIRE', KEYS[3], ARGV[4])
return claimed
`);
