import { NOW, script } from './script.js';

/**
 * Takes the oldest letters out of a box.
 *
 * KEYS 1 box
 * ARGV 1 how many at most
 * Returns { now, { letter, … } }
 */
export const TAKE = script(`${NOW}
local letters = redis.call('LRANGE', KEYS[1], 0, ARGV[1] - 1)
if #letters > 0 then redis.call('LTRIM', KEYS[1], #letters, -1) end
return { now, letters }
`);
