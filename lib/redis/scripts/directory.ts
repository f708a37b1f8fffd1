import { heard, NOW, script } from './script.js';

/**
 * Reads everybody. Where there is nobody, nothing is written either: who asks may have left.
 *
 * KEYS 1 nodes, 2 summaries, 3 losses, 4 meta
 * ARGV 1 lease, 2 away and 3 keep in ms
 * Returns { now, { life, when its lease ends, its lease and its summary, … }, { life, when it was lost and the note, … } }
 */
export const DIRECTORY = script(`${NOW}
local entries = {}
local nodes = redis.call('ZRANGE', KEYS[1], 0, -1, 'WITHSCORES')
if #nodes > 0 then
${heard('KEYS[4]', { lease: 'ARGV[1]', away: 'ARGV[2]', keep: 'ARGV[3]' })}
end
for at = 1, #nodes, 2 do
  entries[#entries + 1] = nodes[at]
  entries[#entries + 1] = nodes[at + 1]
  entries[#entries + 1] = redis.call('HGET', KEYS[2], nodes[at]) or ''
end
return { now, entries, redis.call('HGETALL', KEYS[3]) }
`);
