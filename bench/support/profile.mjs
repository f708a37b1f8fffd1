// Where the time of one process goes, as text: V8's sampling profiler, taken within the process.
import { Session } from 'node:inspector/promises';

const SAMPLE_US = 200;
const FUNCTIONS = 25;
const OURS = 'this module';
/** What V8 calls time in which no JavaScript runs. */
const OWNERS = new Map([
  ['(idle)', 'idle'],
  ['(program)', 'native code and system calls'],
  ['(garbage collector)', 'garbage collector'],
]);

/** Whose code a function is. */
function ownerOf({ functionName, url }) {
  const owner = OWNERS.get(functionName);
  if (owner !== undefined) return owner;
  if (url === '') return 'native code and system calls';
  if (url.startsWith('node:')) return 'Node';
  const [, dependency] = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url) ?? [];
  if (dependency !== undefined) return dependency;
  return /\/dist\/(?:esm|cjs)\//.test(url) ? OURS : 'the benchmark';
}

function placeOf({ url, lineNumber }) {
  const short = url.replace(/^.*\/(?=node_modules\/|dist\/|bench\/)/, '');
  return url === '' ? '' : `${short}:${lineNumber + 1}`;
}

function add(map, key, amount) {
  map.set(key, (map.get(key) ?? 0) + amount);
}

function lines(times, totalUs, limit) {
  return [...times]
    .toSorted(([, one], [, other]) => other - one)
    .slice(0, limit)
    .map(
      ([name, us]) =>
        `${(us / 1_000).toFixed(1).padStart(9)} ms ${((us / totalUs) * 100).toFixed(1).padStart(5)} %  ${name}`,
    );
}

/**
 * Time each function took by itself, and the sum for each package, without the time in which there was nothing to do.
 *
 * @returns all of it as text, and which part of it this module took, from 0 to 1
 */
function readingOf({ nodes, samples, timeDeltas }) {
  const frames = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]));
  const [owners, functions] = [new Map(), new Map()];
  let totalUs = 0;
  samples.forEach((id, at) => {
    const frame = frames.get(id);
    const owner = ownerOf(frame);
    // Beginning a profile takes a tenth of a second itself, in the inspector's one function.
    if (owner === 'idle' || (frame.functionName === 'dispatch' && frame.url === '')) return;
    totalUs += timeDeltas[at];
    add(owners, owner, timeDeltas[at]);
    add(functions, `${frame.functionName || '(anonymous)'}  ${placeOf(frame)}`.trimEnd(), timeDeltas[at]);
  });
  const text = [
    `busy: ${(totalUs / 1_000).toFixed(0)} ms`,
    '',
    'by package',
    ...lines(owners, totalUs, owners.size),
    '',
    `by function, without what it calls: the first ${FUNCTIONS}`,
    ...lines(functions, totalUs, FUNCTIONS),
  ].join('\n');
  return { text, ownShare: (owners.get(OURS) ?? 0) / totalUs };
}

/** Begins a profile. @returns ends it, and gives what {@link readingOf} reads in it */
export async function beginProfile() {
  const session = new Session();
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.setSamplingInterval', { interval: SAMPLE_US });
  await session.post('Profiler.start');
  return async () => {
    const { profile } = await session.post('Profiler.stop');
    session.disconnect();
    return readingOf(profile);
  };
}

/** What a server of a benchmark answers to `profile` and `profiled`. */
export function profileAnswers() {
  let end;
  return {
    async profile() {
      end = await beginProfile();
      return {};
    },
    async profiled() {
      return end();
    },
  };
}
