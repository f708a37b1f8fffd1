// What very many connections cost: the whole runtime over sockets that are not there, in a process of its own for each size.
// Times are CPU of the one thread, so that others on the machine do not count.
//
//   node bench/scale/scale.mjs [--sizes 100000,1000000] [--runs 3]
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { parseArgs } from 'node:util';

import { median } from '../support/statistics.mjs';

/** Enough for a million sockets and records. */
const EXEC_ARGV = ['--expose-gc', '--max-old-space-size=8192'];

/** @returns for each size the medians of some runs */
export async function measureScale({ sizes, runs }) {
  const rows = [];
  for (const size of sizes) {
    const results = [];
    for (let run = 0; run < runs; run++) {
      const child = fork(new URL('scale.child.mjs', import.meta.url), [String(size)], {
        execArgv: EXEC_ARGV,
      });
      const [result] = await once(child, 'message');
      process.stderr.write(`${size}: ${JSON.stringify(result)}\n`);
      results.push(result);
      if (child.exitCode === null) await once(child, 'exit');
    }
    const keys = Object.keys(results[0]);
    rows.push(Object.fromEntries(keys.map((key) => [key, median(results.map((each) => each[key]))])));
  }
  return rows;
}

if (process.argv[1] === new URL(import.meta.url).pathname) {
  const { values } = parseArgs({
    options: { sizes: { type: 'string', default: '100000,1000000' }, runs: { type: 'string', default: '3' } },
  });
  console.table(
    await measureScale({ sizes: values.sizes.split(',').map(Number), runs: Number(values.runs) }),
  );
}
