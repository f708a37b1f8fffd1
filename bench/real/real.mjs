// 10,000 real connections, held by other processes, kept alive in turn by the usual ways and by ours: the delay of the event
// loop, CPU for each round trip, and memory for each connection. Everything is told relative to a way of the same run.
//
//   node bench/real/real.mjs [--connections 10000] [--interval 5000] [--intervals 3] [--runs 3] [--only idle,ours]
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

async function measure(variant, { connections, intervalMs, intervals }) {
  const server = fork(new URL('server.mjs', import.meta.url), [variant, String(intervalMs)], {
    execArgv: ['--expose-gc'],
  });
  const [{ port }] = await once(server, 'message');
  const before = await ask(server, 'memory');
  const clients = Array.from({ length: PROCESSES }, (_, at) =>
    fork(new URL('clients.mjs', import.meta.url), [
      String(port),
      String(connections / PROCESSES),
      PATHS[variant] ?? '/',
      `127.0.0.${2 + at}`,
    ]),
  );
  try {
    await Promise.all(clients.map((each) => once(each, 'message')));
    // One interval for those that need one to settle into their phases.
    await sleep(intervalMs * 1.2);
    const full = await ask(server, 'memory');
    await Promise.all(clients.map((each) => ask(each, 'count')));
    await ask(server, 'begin');
    await sleep(intervalMs * intervals);
    const load = await ask(server, 'end');
    const counts = await Promise.all(clients.map((each) => ask(each, 'count')));
    return {
      ...load,
      roundTrips: counts.reduce((sum, { answered }) => sum + answered, 0),
      lost: counts.reduce((sum, { closed }) => sum + closed, 0),
      heapBytes: (full.heapUsed - before.heapUsed) / connections,
      rssBytes: (full.rss - before.rss) / connections,
      timers: full.timers - before.timers,
    };
  } finally {
    for (const child of [...clients, server]) child.kill('SIGKILL');
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
      intervals: { type: 'string', default: '3' },
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
