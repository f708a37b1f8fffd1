import type { Frame } from '../support/frames.js';

/** A generator of pseudo-random numbers that gives the same ones for the same seed (mulberry32). */
export class Random {
  constructor(private state: number) {}

  /** A whole number from 0 to below `end`. */
  below(end: number): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296) * end);
  }

  of<Value>(values: readonly Value[]): Value {
    return values[this.below(values.length)]!;
  }
}

/** Where mutations begin: heartbeats, near misses, and what apps send. */
const SEEDS = [
  '{"type":"client_pong","ts":1709827200000}',
  '{"type":"client_pong","ts":1709827200000,"state":"hidden"}',
  '{"type":"client_ping","ts":12}',
  '{"ts":-1.5e3,"type":"client_ping"}',
  ' \t\r\n{"type" : "client_resume", "reason":"dead_server","offlineMs":5300,"attempts":2} ',
  '{"\\u0074ype":"client\\u005fpong","ts":1}',
  '{"type":"client_ping","ts":1,"type":"chat"}',
  '{"__proto__":{"type":"client_ping","ts":1}}',
  '{"__proto__":{"polluted":true},"type":"client_pong","ts":1}',
  '{"constructor":{"prototype":{"polluted":true}},"type":"client_ping","ts":2}',
  '{"event":"chat","data":{"text":"client_pong"}}',
  '{"type":"client_ping","ts":1e999}',
  '[{"type":"client_ping","ts":1}]',
  '"client_pong"',
  '{}',
  '',
  `{"type":"client_ping","ts":3,"fill":"${'x'.repeat(980)}"}`,
  `{"type":"client_ping","ts":3,"fill":"${'x'.repeat(2000)}"}`,
].map((text) => Buffer.from(text));

/** Bytes that mean something to one of the layers. */
const TELLING = Buffer.from('{}[]":,\\_ \n\t0123456789eE+-.tfnu\u0000\u001b\u007f', 'latin1');

/** Where frames are made: allocating millions of them would be most of the work. */
const scratch = Buffer.alloc(8192);

/** Changes the first `length` bytes of the scratch. @returns how many there are then */
function mutate(random: Random, length: number): number {
  const at = random.below(length + 1);
  switch (random.below(7)) {
    case 0: // another byte
      scratch[at] = random.below(256);
      return length;
    case 1: // another telling byte
      scratch[at] = TELLING[random.below(TELLING.length)]!;
      return length;
    case 2: // cut
      return at;
    case 3: {
      // cut out
      const gap = Math.min(1 + random.below(4), length - at);
      scratch.copyWithin(at, at + gap, length);
      return length - gap;
    }
    case 4: {
      // repeated
      const from = random.below(at + 1);
      const again = Math.min(length - from, 2048);
      scratch.copy(scratch, at, from, from + again);
      return at + again;
    }
    case 5: // put in
      scratch.copyWithin(at + 1, at, length);
      scratch[at] = TELLING[random.below(TELLING.length)]!;
      return length + 1;
    default: {
      // crossed with another
      const other = random.of(SEEDS);
      return at + other.copy(scratch, at, random.below(other.length + 1));
    }
  }
}

/** The next frame: a seed, mutated a few times or not at all, or noise. Its bytes last until the next call. */
export function randomFrame(random: Random): Frame {
  const isBinary = random.below(12) === 0;
  let length = 0;
  if (random.below(20) === 0) {
    while (length < 40 && random.below(32) !== 0) scratch[length++] = random.below(256);
  } else {
    length = random.of(SEEDS).copy(scratch);
    for (let left = random.below(4); left > 0; left--) length = mutate(random, length);
  }
  return { data: scratch.subarray(0, length), isBinary };
}
