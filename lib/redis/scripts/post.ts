import { script } from './script.js';

/**
 * Puts a letter into a box, which holds no more than so many: nobody may empty it.
 *
 * KEYS 1 box
 * ARGV 1 letter, 2 keep in ms, 3 how many at most
 */
export const POST = script(`
redis.call('RPUSH', KEYS[1], ARGV[1])
redis.call('LTRIM', KEYS[1], -ARGV[3], -1)
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 0
`);
