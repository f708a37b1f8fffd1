import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { describe, expect, it } from '@jest/globals';

const SCRIPT = fileURLToPath(new URL('allocation.mjs', import.meta.url));
const FLAGS = ['--expose-gc', '--min-semi-space-size=128', '--max-semi-space-size=128'];

describe('the cost of health in memory', () => {
  it('is not a byte for each message of the app, in or out', async () => {
    const { stdout } = await promisify(execFile)(process.execPath, [...FLAGS, SCRIPT], { timeout: 60_000 });
    const { received, sent } = JSON.parse(stdout) as { received: number; sent: number };
    expect(received).toBeLessThan(1);
    expect(sent).toBeLessThan(1);
  });
});
