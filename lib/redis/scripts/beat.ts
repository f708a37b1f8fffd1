import { heard, NOW, script } from './script.js';

/**
 * Renews the lease of a life, or begins it: then no other life of its node remains, wherever it comes from (a server may be
 * back with an older state), but for those that are being reaped.
 *
 * KEYS 1 nodes, 2 summaries, 3 claims, 4 losses, 5 meta
 * ARGV 1 life, 2 the life it replaces or '', 3 summary, 4 '1' where it has beaten before, 5 lease, 6 away and 7 keep in ms,
 *   8 what all lives of its node begin with
 * Returns { 'kept' | 'reaped' | 'forgotten', now, 1 where the life it replaces was reaped, or is about to be }
 */
export const BEAT = script(`${NOW}
local life = ARGV[1]
if ARGV[4] == '1' then
  local claimed = redis.call('HEXISTS', KEYS[3], life) == 1
  if claimed or not redis.call('ZSCORE', KEYS[1], life) then
    local lost = claimed or redis.call('HEXISTS', KEYS[4], life) == 1
    return { lost and 'reaped' or 'forgotten', now, 0 }
  end
else
  for _, other in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do
    local isOurs = other ~= life and string.sub(other, 1, #ARGV[8]) == ARGV[8]
    if isOurs and redis.call('HEXISTS', KEYS[3], other) == 0 then
      redis.call('ZREM', KEYS[1], other)
      redis.call('HDEL', KEYS[2], other)
    end
  end
end
local wasReaped = 0
if ARGV[2] ~= '' then
  wasReaped = math.max(redis.call('HEXISTS', KEYS[3], ARGV[2]), redis.call('HEXISTS', KEYS[4], ARGV[2]))
end
redis.call('ZADD', KEYS[1], now + ARGV[5], life)
redis.call('PEXPIRE', KEYS[1], ARGV[7])
redis.call('HSET', KEYS[2], life, ARGV[5] .. ' ' .. ARGV[3])
redis.call('PEXPIRE', KEYS[2], ARGV[7])
${heard('KEYS[5]', { lease: 'ARGV[5]', away: 'ARGV[6]', keep: 'ARGV[7]' })}
return { 'kept', now, wasReaped }
`);
