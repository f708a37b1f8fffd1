#!/usr/bin/env node
import { readFileSync, realpathSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

import { runCli } from './cli.js';
import { Terminal } from './terminal.js';

/** What a shell reports of a program that a signal ended: 128 and the signal's number. */
const INTERRUPTED = 130;
const TERMINATED = 143;
const NOBODY_READS = 141;
/** Its output could not be written, to a full disk for example. */
const NO_VERDICT = 2;

const { stdout, stderr } = process;
const terminal = new Terminal(stdout, stderr);

// `connection-health … | head`: the reader has left. That is no error, and nobody is there to hear of one.
for (const stream of [stdout, stderr]) stream.on('error', unread);
process.once('SIGINT', () => leave(INTERRUPTED));
process.once('SIGTERM', () => leave(TERMINATED));

void runCli(process.argv.slice(2), { io: terminal, version: packageVersion }).then(leave);

/** Ends the process once everything that was printed has been handed over; a pipe takes it asynchronously. */
function leave(exitCode: number): void {
  terminal.clear();
  const done = (): void => process.exit(exitCode);
  stdout.write('', (error) => (error ? unread(error) : stderr.write('', done)));
}

function unread({ code }: NodeJS.ErrnoException): never {
  process.exit(code === 'EPIPE' ? NOBODY_READS : NO_VERDICT);
}

/** Of the package this file lies in (`dist/esm/audit/bin.js`); npm starts it through a symbolic link. */
function packageVersion(): string {
  const home = dirname(realpathSync(process.argv[1]!));
  const manifest: unknown = JSON.parse(readFileSync(resolve(home, '../../../package.json'), 'utf8'));
  return String((manifest as { version: string }).version);
}
