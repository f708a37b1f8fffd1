// Echo through a Nest gateway with and without the module, in turn within the same second: messages a
// second, the latency of the slowest hundredth, and CPU of the server for each message.
//
//   node bench/messages/messages.mjs [--lives 9] [--rounds 4] [--seconds 0.25]
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { parseArgs } from 'node:util';
import { setTimeout as sleep } from 'node:timers/promises';

import { intervalOf, median } from '../support/statistics.mjs';

/** Where each is under load on so many connections, with so many messages under way on each. */
const CROWDS = [
  { connections: 10, underWay: 8 },
  { connections: 1_000, underWay: 1 },
];
const MESSAGES = ['text', 'binary'].flatMap((kind) => [64, 16_384].map((bytes) => ({ kind, bytes })));

/** Until V8 has compiled what is hot. */
const WARM_ROUNDS = 2;
const PROFILED_SECONDS = 1.5;

async function ask(child, question) {
  const answer = once(child, 'message');
  child.send({ ask: question });
  return (await answer)[0];
}

async function side(name, { connections, underWay, kind, bytes }) {
  const server = fork(new URL('server.mjs', import.meta.url), [name]);
  const [{ port }] = await once(server, 'message');
  const args = [port, connections, underWay, kind, bytes].map(String);
  const clients = fork(new URL('clients.mjs', import.meta.url), args);
  await once(clients, 'message');
  return { server, clients };
}

function end({ server, clients }) {
  for (const child of [clients, server]) child.kill('SIGKILL');
}

/** @returns what one side did for so long; it ends when what was under way has come back */
async function load({ server, clients }, seconds) {
  const { cpuMs: before } = await ask(server, 'cpu');
  clients.send({ ask: 'go' });
  await sleep(seconds * 1_000);
  const { count, elapsedMs, latencies } = await ask(clients, 'stop');
  const { cpuMs: after } = await ask(server, 'cpu');
  return { count, elapsedMs, cpuMs: after - before, latencies };
}

/** Two windows of the same side as one. */
function joined(one, other) {
  const sorted = [...one.latencies, ...other.latencies].toSorted((first, next) => first - next);
  const count = one.count + other.count;
  return {
    perSecond: (count / (one.elapsedMs + other.elapsedMs)) * 1_000,
    p99Ms: sorted[Math.floor(sorted.length * 0.99)] ?? NaN,
    cpuUs: ((one.cpuMs + other.cpuMs) * 1_000) / count,
  };
}

/** Each side there and back again (ABC CBA), so that what only grows or only shrinks meanwhile meets all alike. */
async function round(sides, seconds) {
  const names = Object.keys(sides);
  const windows = Object.fromEntries(names.map((name) => [name, []]));
  for (const name of [...names, ...names.toReversed()]) windows[name].push(await load(sides[name], seconds));
  return Object.fromEntries(names.map((name) => [name, joined(...windows[name])]));
}

async function profile(one, seconds) {
  await ask(one.server, 'profile');
  await load(one, seconds);
  return ask(one.server, 'profiled');
}

/** @returns where the time of a gateway `with` or `without` the module goes, as text */
export async function profileMessages(name, { seconds }) {
  const one = await side(name, { ...MESSAGES[0], ...CROWDS[0] });
  try {
    await load(one, seconds);
    return (await profile(one, seconds)).text;
  } finally {
    end(one);
  }
}

const KEYS = ['perSecond', 'p99Ms', 'cpuUs'];
/** Of one life: rounds of the same processes are not independent of each other, and count as one. */
const medianRatios = (rounds, name) =>
  Object.fromEntries(
    KEYS.map((key) => [key, median(rounds.map((each) => each[name][key] / each.without[key]))]),
  );
const intervalsOf = (ratios) =>
  Object.fromEntries(KEYS.map((key) => [key, intervalOf(ratios.map((ratio) => ratio[key]))]));

/** Three gateways with their clients, of which `again` is a second one without the module. */
async function sidesOf(theCase, life) {
  const sides = {};
  const names = ['without', 'with', 'again'];
  // Who starts first may get the better place in memory.
  for (let at = 0; at < names.length; at++) {
    const name = names[(life + at) % names.length];
    sides[name] = await side(name === 'with' ? 'with' : 'without', theCase);
  }
  return sides;
}

async function measureCase(theCase, { lives, rounds, seconds }) {
  const [ratios, control, rates, shares] = [[], [], [], []];
  for (let life = 0; life < lives; life++) {
    const sides = await sidesOf(theCase, life);
    try {
      for (let warm = 0; warm < WARM_ROUNDS; warm++) await round(sides, seconds);
      const found = [];
      for (let each = 0; each < rounds; each++) found.push(await round(sides, seconds));
      rates.push(median(found.map(({ without }) => without.perSecond)));
      ratios.push(medianRatios(found, 'with'));
      control.push(medianRatios(found, 'again'));
      shares.push((await profile(sides.with, PROFILED_SECONDS)).ownShare);
    } finally {
      Object.values(sides).forEach(end);
    }
  }
  return {
    ...theCase,
    perSecond: median(rates),
    with: intervalsOf(ratios),
    control: intervalsOf(control),
    ownShare: median(shares),
  };
}

/**
 * Each case in processes that are started `lives` times, since a process is a little faster or slower than its twin for all
 * its life, with so many rounds in each.
 *
 * @returns for each case the medians of the ratios with ÷ without, and how sure they are; `control` has the same of a second
 * gateway without the module: how far from 1 this machine puts what is the same. `ownShare` is the part of the gateway's time
 * that V8's profiler finds in the module's functions, from 0 to 1, measured after the rounds
 */
export async function measureMessages(extent) {
  const rows = [];
  for (const message of MESSAGES)
    for (const crowd of CROWDS) {
      rows.push(await measureCase({ ...message, ...crowd }, extent));
      process.stderr.write(`${JSON.stringify(rows.at(-1))}\n`);
    }
  return rows;
}

if (process.argv[1] === new URL(import.meta.url).pathname) {
  const { values } = parseArgs({
    options: {
      lives: { type: 'string', default: '9' },
      rounds: { type: 'string', default: '4' },
      seconds: { type: 'string', default: '0.25' },
    },
  });
  const [lives, rounds, seconds] = [values.lives, values.rounds, values.seconds].map(Number);
  console.dir(await measureMessages({ lives, rounds, seconds }), { depth: null });
}
