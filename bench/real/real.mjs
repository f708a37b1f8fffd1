// 10,000 real connections, held by other processes, kept alive in turn by the usual ways and by ours: the delay of the event
// loop, CPU for each round trip, and memory for each connection. Everything is told relative to a way of the same run.
//
//   node bench/real/real.mjs [--connections 10000] [--interval 5000] [--intervals 2] [--runs 3] [--only idle,ours]
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { parseArgs } from 'node:util';
import { setTimeout as sleep } from 'node:timers/promises';

import { median, spread } from '../support/statistics.mjs';
import { VARIANTS } from './variants.mjs';

/** Descriptors are limited to 20,000 for each process. */
const PROCESSES = 2;
const PATHS = {
  'engine.io': '/engine.io/?EIO=4&transport=websocket',
  'socket.io': '/socket.io/?EIO=4&transport=websocket',
};

async function ask(child, question) {
  const answer = once(child, 'message');
  child.send({ ask: question });
  return (await answer)[0];
}

/** A server with one way of keeping connections alive, and its clients, which come in as many groups as there are processes. */
class Stage {
  #clients = [];

  static async open(variant, intervalMs) {
    const server = fork(new URL('server.mjs', import.meta.url), [variant, String(intervalMs)], {
      execArgv: ['--expose-gc'],
    });
    const [{ port }] = await once(server, 'message');
    return new Stage(variant, intervalMs, server, port);
  }

  constructor(variant, intervalMs, server, port) {
    Object.assign(this, { variant, intervalMs, server, port });
  }

  /** So many connections more, held by a process of their own, and an interval for those that need one to settle. */
  async connect(count) {
    const path = PATHS[this.variant] ?? '/';
    const address = `127.0.0.${2 + this.#clients.length}`;
    const args = [this.port, count, path, address].map(String);
    const clients = fork(new URL('clients.mjs', import.meta.url), args);
    this.#clients.push(clients);
    await once(clients, 'message');
    await sleep(this.intervalMs * 1.2);
  }

  ask(question) {
    return ask(this.server, question);
  }

  /** What clients have counted since they were last asked. */
  async count() {
    const counts = await Promise.all(this.#clients.map((each) => ask(each, 'count')));
    const sum = (key) => counts.reduce((total, each) => total + each[key], 0);
    return { answered: sum('answered'), closed: sum('closed') };
  }

  end() {
    for (const child of [...this.#clients, this.server]) child.kill('SIGKILL');
  }
}

async function measure(variant, { connections, intervalMs, intervals }) {
  const stage = await Stage.open(variant, intervalMs);
  try {
    const each = connections / PROCESSES;
    // The first ones also make V8 compile what they need, which is no connection's: memory is what the others add.
    await stage.connect(each);
    const before = await stage.ask('memory');
    for (let group = 1; group < PROCESSES; group++) await stage.connect(each);
    const full = await stage.ask('memory');
    await stage.ask('beginDelay');
    await sleep(intervalMs * intervals);
    const { longestMs, p99Ms } = await stage.ask('endDelay');
    await stage.count();
    await stage.ask('beginCpu');
    await sleep(intervalMs * intervals);
    const { cpuMs } = await stage.ask('endCpu');
    const { answered, closed } = await stage.count();
    const added = connections - each;
    return {
      longestMs,
      p99Ms,
      cpuMs,
      roundTrips: answered,
      lost: closed,
      heapBytes: (full.heapUsed - before.heapUsed) / added,
      columnBytes: (full.arrayBuffers - before.arrayBuffers) / added,
      rssBytes: (full.rss - before.rss) / added,
      timers: full.timers,
    };
  } finally {
    stage.end();
  }
}

/** @returns where the time of one server goes, as text */
export async function profileReal(variant, { connections, intervalMs, intervals }) {
  const stage = await Stage.open(variant, intervalMs);
  try {
    for (let group = 0; group < PROCESSES; group++) await stage.connect(connections / PROCESSES);
    await stage.ask('profile');
    await sleep(intervalMs * intervals);
    return (await stage.ask('profiled')).text;
  } finally {
    stage.end();
  }
}

/** @returns a list of measurements for each variant */
export async function measureReal({
  connections,
  intervalMs,
  intervals,
  runs,
  only = Object.keys(VARIANTS),
}) {
  const results = new Map(only.map((name) => [name, []]));
  for (let run = 0; run < runs; run++)
    for (const name of run % 2 === 0 ? only : only.toReversed()) {
      const result = await measure(name, { connections, intervalMs, intervals });
      process.stderr.write(`${name}: ${JSON.stringify(result)}\n`);
      results.get(name).push(result);
    }
  return results;
}

/** What the table says of one variant, beside those it is measured against. */
export function rowOf(name, results) {
  const of = (variant, key) => median(results.get(variant).map((each) => each[key]));
  const idleCpu = of('idle', 'cpuMs');
  const perTrip = (variant) => ((of(variant, 'cpuMs') - idleCpu) * 1_000) / of(variant, 'roundTrips');
  return {
    name,
    longestMs: of(name, 'longestMs'),
    longestSpread: spread(results.get(name).map(({ longestMs }) => longestMs)),
    p99Ms: of(name, 'p99Ms'),
    cpuPerTripUs: name === 'idle' ? undefined : perTrip(name),
    heapBytes: of(name, 'heapBytes') - of('idle', 'heapBytes'),
    columnBytes: of(name, 'columnBytes') - of('idle', 'columnBytes'),
    rssBytes: of(name, 'rssBytes') - of('idle', 'rssBytes'),
    timers: of(name, 'timers'),
    lost: of(name, 'lost'),
    roundTrips: of(name, 'roundTrips'),
  };
}

if (process.argv[1] === new URL(import.meta.url).pathname) {
  const { values } = parseArgs({
    options: {
      connections: { type: 'string', default: '10000' },
      interval: { type: 'string', default: '5000' },
      intervals: { type: 'string', default: '2' },
      runs: { type: 'string', default: '3' },
      only: { type: 'string' },
    },
  });
  const results = await measureReal({
    connections: Number(values.connections),
    intervalMs: Number(values.interval),
    intervals: Number(values.intervals),
    runs: Number(values.runs),
    only: values.only?.split(','),
  });
  console.table([...results.keys()].map((name) => rowOf(name, results)));
}
