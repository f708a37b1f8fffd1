import { readFileSync } from 'node:fs';

import { describe, expect, it } from '@jest/globals';

import { COMMANDS } from '../../lib/audit/cli.js';
import { run } from './printed.js';

const PAGE = readFileSync('docs/command-line.md', 'utf8');

/** What stands below a command line in the page. */
function shownFor(line: string): string | undefined {
  const [, shown] = PAGE.split(`\`\`\`console\n$ npx connection-health ${line}\n`);
  return shown?.slice(0, shown.indexOf('\n```'));
}

describe('docs/command-line.md', () => {
  it.each([
    ['--help'],
    ['layers --help'],
    ['proxy-config --help'],
    ['proxy-config nginx --path /ws --interval 30s'],
  ])('shows what %s prints', async (line) => {
    expect(shownFor(line)).toBe((await run(line.split(' '))).out);
  });

  it('has a section for every command', () => {
    for (const { name } of COMMANDS) expect(PAGE).toContain(`\n## ${name}\n`);
  });
});
