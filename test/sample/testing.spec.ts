import { execFile } from 'node:child_process';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

import { beforeAll, describe, expect, it, jest } from '@jest/globals';

jest.setTimeout(60_000);

const root = resolve(import.meta.dirname, '../..');
const sample = join(root, 'sample/06-testing');
/** A folder of its own, since other specs build all samples meanwhile. */
const out = join(sample, 'dist/spec');
const run = promisify(execFile);

describe('the testing sample', () => {
  // Needs the library's build, which `npm test` makes before Jest.
  beforeAll(() =>
    run(process.execPath, [
      join(root, 'node_modules/typescript/bin/tsc'),
      '--project',
      sample,
      '--outDir',
      out,
    ]),
  );

  it('passes its own tests under the test runner of Node', async () => {
    // Node refuses to run a test runner inside of one that it takes for its own.
    const { NODE_TEST_CONTEXT: _context, NODE_OPTIONS: _options, ...env } = process.env;
    const { stdout } = await run(
      process.execPath,
      ['--test', '--test-reporter=tap', join(out, 'chat.test.js')],
      {
        env,
      },
    );
    const passed = [...stdout.matchAll(/^ok \d+ - (.+)$/gm)].map(([, name]) => name);
    expect(passed).toEqual([
      'a ghost is closed and presence is updated',
      'a healthy client survives a 10 s stall',
      'a client that was suspended for less than its time is still there',
    ]);
    expect(stdout).toMatch(/^# fail 0$/m);
  });
});
