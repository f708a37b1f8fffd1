import { describe, expect, it } from '@jest/globals';

import { COMMANDS } from '../../lib/audit/cli.js';
import { type Command, UsageError } from '../../lib/audit/command.js';
import { Terminal } from '../../lib/audit/terminal.js';
import { run } from './printed.js';

function command(name: string, act: Command['run']): Command {
  return { name, summary: `does ${name}`, usage: `Usage of ${name}`, run: act };
}

const OURS = [
  command('well', () => Promise.resolve(0)),
  command('trouble', () => Promise.resolve(1)),
  command('wrong', () => Promise.reject(new UsageError('--size: expected a number, got "x"'))),
  command('lost', () => Promise.reject(new Error('http://a.example: expected JSON, got a page'))),
  command('echo', (args, io) => {
    io.out(args.join(' '));
    return Promise.resolve(0);
  }),
];

describe('the command line', () => {
  it.each([['--help'], ['-h'], ['help']])('%s lists every command', async (word) => {
    const { exitCode, out, err } = await run([word]);
    expect({ exitCode, err }).toEqual({ exitCode: 0, err: '' });
    for (const { name, summary } of COMMANDS) expect(out).toMatch(new RegExp(`^  ${name} +${summary}$`, 'm'));
  });

  it.each(COMMANDS.map(({ name }) => [name]))('%s has a help that shows how it is used', async (name) => {
    const { exitCode, out } = await run([name, '--help']);
    expect(exitCode).toBe(0);
    expect(out).toMatch(new RegExp(`^Usage: connection-health ${name} `));
    expect(out.split('\n').filter((line) => line.length > 120)).toEqual([]);
    expect(await run(['help', name])).toEqual({ exitCode: 0, out, err: '' });
    expect(await run([name, 'something', '-h'])).toEqual({ exitCode: 0, out, err: '' });
  });

  it('prints its version', async () => {
    expect(await run(['--version'])).toEqual({ exitCode: 0, out: '1.2.3', err: '' });
    expect(await run(['-v'])).toEqual({ exitCode: 0, out: '1.2.3', err: '' });
  });

  it('without a command shows what there is, as an error', async () => {
    const { exitCode, out, err } = await run([]);
    expect({ exitCode, out }).toEqual({ exitCode: 2, out: '' });
    expect(err).toContain('Usage: connection-health <command>');
  });

  it.each([[['adit']], [['help', 'adit']]])('%j names what exists', async (args) => {
    const names = COMMANDS.map(({ name }) => name).join(', ');
    expect(await run(args)).toEqual({
      exitCode: 2,
      out: '',
      err: `There is no command "adit"; there are: ${names}.`,
    });
  });

  it.each([
    ['well', 0],
    ['trouble', 1],
  ])('hands the exit code of a command on: %s', async (name, exitCode) => {
    expect(await run([name], OURS)).toEqual({ exitCode, out: '', err: '' });
  });

  it('hands arguments on as they are, also what looks like help behind --', async () => {
    const { out } = await run(['echo', 'a b', '--', '--help'], OURS);
    expect(out).toBe('a b -- --help');
  });

  it('exits with 2 and the sentence for arguments that cannot be used, and shows where to read on', async () => {
    expect(await run(['wrong'], OURS)).toEqual({
      exitCode: 2,
      out: '',
      err: '--size: expected a number, got "x"\nSee: connection-health wrong --help',
    });
  });

  it('exits with 2 and the sentence where there is no verdict', async () => {
    const err = 'http://a.example: expected JSON, got a page';
    expect(await run(['lost'], OURS)).toEqual({ exitCode: 2, out: '', err });
  });

  it.each(COMMANDS.map(({ name }) => [name]))('%s refuses an option it does not know', async (name) => {
    const { exitCode, err } = await run([name, '--no-such-option']);
    expect(exitCode).toBe(2);
    expect(err).toContain("'--no-such-option'");
    expect(err).toContain(`See: connection-health ${name} --help`);
  });
});

function written(isTTY: boolean): { text: string[]; terminal: Terminal } {
  const text: string[] = [];
  const stream = { isTTY, columns: 20, write: (part: string) => text.push(part) };
  return { text, terminal: new Terminal(stream, stream) };
}

describe('the terminal', () => {
  it('shows progress in one line that goes before anything else is printed', () => {
    const { text, terminal } = written(true);
    terminal.progress('one');
    terminal.progress('a line that is longer than the terminal');
    terminal.out('result');
    terminal.clear();
    expect(text).toEqual(['\r\u001b[Kone', '\r\u001b[Ka line that is long', '\r\u001b[K', 'result\n']);
  });

  it('shows what others have said without obeying it', () => {
    const { text, terminal } = written(false);
    terminal.err('closed with "a\u001b[31mb\u009b2J\u0007\r", in two\n\tlines');
    expect(text).toEqual(['closed with "a\\u001b[31mb\\u009b2J\\u0007\\u000d", in two\n\tlines\n']);
    terminal.out(JSON.stringify({ server: 'evil\u009b31m', é: '…' }));
    expect(JSON.parse(text[1]!)).toEqual({ server: 'evil\u009b31m', é: '…' });
  });

  it('shows no progress where nobody watches', () => {
    const { text, terminal } = written(false);
    terminal.progress('one');
    terminal.err('note');
    expect(text).toEqual(['note\n']);
  });
});
