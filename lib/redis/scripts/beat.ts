import { heard, NOW, script } from './script.js';

/**
 * Renews the lease of a life, or begins it.
 *
 * KEYS 1 nodes, 2 summaries, 3 claims, 4 losses, 5 meta
 * ARGV 1 life, 2 the life it replaces or '', 3 summary, 4 '1' where it has beaten before, 5 lease, 6 away and 7 keep in ms
 * Returns { 'kept' | 'reaped' | 'forgotten', now }
 */
export const BEAT = script(`${NOW}
local life = ARGV[1]
if ARGV[4] == '1' then
  local claimed = redis.call('HEXISTS', KEYS[3], life) == 1
  if claimed or not redis.call('ZSCORE', KEYS[1], life) then
    local lost = claimed or redis.call('HEXISTS', KEYS[4], life) == 1
    return { lost and 'reaped' or 'forgotten', now }
  end
end
if ARGV[2] ~= '' then
  redis.call('ZREM', KEYS[1], ARGV[2])
  redis.call('HDEL', KEYS[2], ARGV[2])
end
redis.call('ZADD', KEYS[1], now + ARGV[5], life)
redis.call('PEXPIRE', KEYS[1], ARGV[7])
redis.call('HSET', KEYS[2], life, ARGV[3])
redis.call('PEXPIRE', KEYS[2], ARGV[7])
${heard('KEYS[5]', { lease: 'ARGV[5]', away: 'ARGV[6]', keep: 'ARGV[7]' })}
return { 'kept', now }
`);
