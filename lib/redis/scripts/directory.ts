import { NOW, script } from './script.js';

/**
 * Reads everybody.
 *
 * KEYS 1 nodes, 2 summaries, 3 losses
 * Returns { now, { life, when its lease ends, summary, … }, { life, note, … } }
 */
export const DIRECTORY = script(`${NOW}
local entries = {}
local nodes = redis.call('ZRANGE', KEYS[1], 0, -1, 'WITHSCORES')
for at = 1, #nodes, 2 do
  entries[#entries + 1] = nodes[at]
  entries[#entries + 1] = nodes[at + 1]
  entries[#entries + 1] = redis.call('HGET', KEYS[2], nodes[at]) or ''
end
return { now, entries, redis.call('HGETALL', KEYS[3]) }
`);
