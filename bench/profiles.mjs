// Where the time goes in each benchmark, as text in bench/profiles/. Profiles disturb what they measure: the numbers are in
// bench/RESULTS.md, from runs without.
//
//   node bench/profiles.mjs [--quick] [--only real,messages,scale]
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';

import { profileMessages } from './messages/messages.mjs';
import { profileReal } from './real/real.mjs';

const { quick, only } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string', default: 'real,messages,scale' },
  },
}).values;
const REAL = quick
  ? { connections: 2_000, intervalMs: 3_000, intervals: 2 }
  : { connections: 10_000, intervalMs: 5_000, intervals: 3 };
const SECONDS = quick ? 1 : 5;
const SIMULATED = quick ? 100_000 : 1_000_000;
const WAYS = ['floor', 'readme', 'list', 'engine.io', 'socket.io', 'ours', 'ours without pings'];

/** @returns the name of each phase of a simulation with the text of its profile */
async function profileScale(size) {
  const child = fork(new URL('scale/profile.child.mjs', import.meta.url), [String(size)], {
    execArgv: ['--expose-gc', '--max-old-space-size=8192'],
  });
  const [texts] = await once(child, 'message');
  return Object.entries(texts);
}

const folder = new URL('profiles/', import.meta.url);
mkdirSync(folder, { recursive: true });

function save(name, what, text) {
  const file = `${name.replaceAll(/[^a-z0-9.]+/g, '-')}.txt`;
  writeFileSync(new URL(file, folder), `${what}\nNode ${process.version}\n\n${text}\n`);
  process.stderr.write(`${file}\n`);
}

const { connections, intervalMs, intervals } = REAL;
const crowd = `${connections} real connections, one heartbeat each in ${intervalMs / 1_000} s, for ${intervals} intervals`;
const SAVE = {
  async real() {
    for (const way of WAYS) save(`real ${way}`, `${crowd}: ${way}`, await profileReal(way, REAL));
  },
  async messages() {
    for (const side of ['with', 'without'])
      save(
        `messages ${side}`,
        `Echo of 64 bytes through a Nest gateway ${side} the module, 10 connections, ${SECONDS} s`,
        await profileMessages(side, { seconds: SECONDS }),
      );
  },
  async scale() {
    for (const [phase, text] of await profileScale(SIMULATED))
      save(`scale ${phase}`, `${SIMULATED.toLocaleString('en')} simulated connections: ${phase}`, text);
  },
};
for (const name of only.split(',')) await SAVE[name]();
