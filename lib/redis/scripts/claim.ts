import { NOW, script } from './script.js';

/**
 * Claims lives whose lease is over, unless the server itself was away: then leases have run out that nobody could renew.
 *
 * KEYS 1 nodes, 2 summaries, 3 claims, 4 meta
 * ARGV 1 reaper, 2 lease, 3 away and 4 keep in ms, 5 how many at most
 * Returns { life, when its lease ended, summary, … }
 */
export const CLAIM = script(`${NOW}
local asked = tonumber(redis.call('HGET', KEYS[4], 'asked') or '0')
if now - asked > tonumber(ARGV[3]) then redis.call('HSET', KEYS[4], 'grace', now + ARGV[2]) end
redis.call('HSET', KEYS[4], 'asked', now)
redis.call('PEXPIRE', KEYS[4], ARGV[4])
local claimed = {}
if now < tonumber(redis.call('HGET', KEYS[4], 'grace') or '0') then return claimed end
local lapsed = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'WITHSCORES', 'LIMIT', 0, ARGV[5])
for at = 1, #lapsed, 2 do
  local claim = redis.call('HGET', KEYS[3], lapsed[at])
  if not claim or tonumber(string.match(claim, '^%d+')) <= now then
    redis.call('HSET', KEYS[3], lapsed[at], string.format('%.0f', now + ARGV[2]) .. ' ' .. ARGV[1])
    claimed[#claimed + 1] = lapsed[at]
    claimed[#claimed + 1] = lapsed[at + 1]
    claimed[#claimed + 1] = redis.call('HGET', KEYS[2], lapsed[at]) or ''
  end
end
redis.call('PEXPIRE', KEYS[3], ARGV[4])
return claimed
`);
