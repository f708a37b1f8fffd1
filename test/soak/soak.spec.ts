import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

import { describe, expect, it } from '@jest/globals';

const SCRIPT = fileURLToPath(new URL('soak.mjs', import.meta.url));

async function soak(...args: string[]): Promise<{ code: number | null; output: string }> {
  const child = spawn(process.execPath, [SCRIPT, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  // It ends what it has started when it is told to end.
  const end = (): boolean => child.kill('SIGTERM');
  process.once('exit', end);
  const deadline = setTimeout(end, 140_000);
  const [output, [code]] = await Promise.all([text(child.stdout), once(child, 'exit') as Promise<[number]>]);
  clearTimeout(deadline);
  process.off('exit', end);
  return { code, output };
}

describe('a soak', () => {
  it('of one minute, with churn, deaths of every kind and stalls, breaks no promise', async () => {
    const { code, output } = await soak('--minutes', '1', '--connections', '600');
    if (code !== 0) console.error(output);
    expect(output).toContain('verdict: every promise was kept');
    expect(code).toBe(0);
  }, 150_000);

  it('does not begin with arguments that make no sense', async () => {
    expect((await soak('--minutes', 'many')).code).toBe(2);
  });
});
