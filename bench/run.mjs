// All benchmarks but the fleet's, one after the other, as tables: printed, and written to bench/RESULTS.md.
//
//   node bench/run.mjs [--quick] [--only scale,messages,real]   (what is not measured anew stays as it was)
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { parseArgs } from 'node:util';

import { measureMessages } from './messages/messages.mjs';
import { measureReal, rowOf } from './real/real.mjs';
import { measureScale } from './scale/scale.mjs';

const { quick, only } = parseArgs({
  options: { quick: { type: 'boolean', default: false }, only: { type: 'string' } },
}).values;
const RESULTS = new URL('RESULTS.md', import.meta.url);
const MEASURED = `Measured on ${new Date().toISOString().slice(0, 10)}${quick ? ' with `--quick`' : ''}.`;
const REAL = quick
  ? { connections: 2_000, intervalMs: 3_000, intervals: 1, runs: 1 }
  : { connections: 10_000, intervalMs: 5_000, intervals: 2, runs: 3 };
const MESSAGES = quick ? { lives: 2, rounds: 2, seconds: 0.25 } : { lives: 9, rounds: 4, seconds: 0.25 };
const SCALE = quick ? { sizes: [100_000], runs: 1 } : { sizes: [100_000, 1_000_000], runs: 3 };

const fixed = (digits) => (number) => (number === undefined ? '' : number.toFixed(digits));
const [whole, one, two] = [0, 1, 2].map(fixed);

function table(heads, rows) {
  return [heads, heads.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

function versionOf(name) {
  return JSON.parse(readFileSync(new URL(`../node_modules/${name}/package.json`, import.meta.url), 'utf8'))
    .version;
}

function realSection(results) {
  const rows = [...results.keys()].map((name) => rowOf(name, results));
  const of = (name) => rows.find((row) => row.name === name);
  const [idle, readme, list] = ['idle', 'readme', 'list'].map(of);
  const cells = (row) => [
    row.name,
    one(row.longestMs),
    row.longestSpread.map(one).join('-'),
    two(row.longestMs / readme.longestMs),
    two(row.longestMs / idle.longestMs),
    one(row.p99Ms),
    whole(row.roundTrips),
    one(row.cpuPerTripUs),
    row.cpuPerTripUs === undefined ? '' : two(row.cpuPerTripUs / list.cpuPerTripUs),
    whole(row.heapBytes),
    whole(row.columnBytes),
    whole(row.rssBytes),
    whole(row.timers),
    whole(row.lost),
  ];
  return `## ${REAL.connections} real connections, one heartbeat each in ${REAL.intervalMs / 1_000} s

${MEASURED} Held by two other processes. \`readme\` is the loop of ws' README, \`list\` a loop over all with a message each, \`timers\` an interval and
a timeout for each socket; \`floor\` writes a finished frame to a bare TCP socket and reads what comes, without a look at it. CPU
for each round trip and bytes are what a way takes beyond \`idle\`, whose clients have each said one word; bytes are those of the
second half of the connections, so that what is there once is nobody's. \`ours\` asks twice in one write, with a heartbeat and with a protocol ping:
two round trips. Delays of the event loop in ms; medians of ${REAL.runs} run(s).

${table(
  [
    'way',
    'longest delay',
    'from-to',
    '÷ readme',
    '÷ idle',
    'p99',
    'round trips',
    'CPU µs a trip',
    '÷ list',
    'heap B each',
    'beside the heap',
    'RSS B each',
    'timers',
    'lost',
  ],
  rows.map(cells),
)}`;
}

const interval = ({ median, from, to }) => `${two(median)} (${two(from)}-${two(to)})`;

const messageCells = (row) => [
  row.kind,
  whole(row.bytes),
  whole(row.connections),
  whole(row.perSecond),
  ...['perSecond', 'p99Ms', 'cpuUs'].flatMap((key) => [interval(row.with[key]), interval(row.control[key])]),
  `${one(row.ownShare * 100)} %`,
];

function messagesSection(rows) {
  return `## Messages through a Nest gateway, with the module ÷ without

${MEASURED} Echo through three gateways in turn, of which two are without the module, in processes that were started ${MESSAGES.lives} times, ${MESSAGES.rounds}
rounds in each; medians, and the interval that holds the true median with 95 %. \`control\` is the second gateway without ÷ the first: what the
machine makes of no difference at all. \`own share\` is the part of the gateway's time in which V8's profiler finds the module's functions.

${table(['kind', 'bytes', 'connections', 'messages/s without', 'throughput', 'control', 'p99 latency', 'control', 'CPU a message', 'control', 'own share'], rows.map(messageCells))}`;
}

function scaleSection(rows) {
  const names = {
    longestSliceMs: ['longest slice in an interval, ms', two],
    p99SliceMs: ['99 of 100 slices are shorter than, ms', two],
    beatUs: ['CPU for each connection and interval, µs', two],
    sweepCpuMs: ['CPU of a sweep over all, ms', one],
    sweepLongestMs: ['longest slice of it, ms', two],
    passFloorMs: ['floor: a pass over so many numbers, ms', two],
    snapshotMs: ['`snapshot()`, ms', one],
    scrapeMs: ['a scrape of the metrics, ms', one],
    newestMs: ['`connections()`: the newest 50, ms', two],
    pageMs: ['`connections()`: 50 from the middle, ms', two],
    openStormMs: ['100,000 open, ms', whole],
    closeStormMs: ['100,000 close, ms', whole],
    openedBytes: ['bytes for each, just opened', whole],
    keptBytes: ['bytes for each, after an interval', whole],
  };
  const lines = Object.entries(names).map(([key, [name, show]]) => [
    name,
    ...rows.map((row) => show(row[key])),
  ]);
  return `## Very many connections, simulated

${MEASURED} The whole runtime over sockets that are not there, with a clock moved by hand; clients answer. Times are CPU of the one thread;
medians of ${SCALE.runs} run(s). A slice is what runs in one turn of the event loop, the collector of garbage included.

${table(['', ...rows.map(({ connections }) => `${connections.toLocaleString('en')} connections`)], lines)}`;
}

/** In the order of the report. */
const SECTIONS = {
  scale: async () => scaleSection(await measureScale(SCALE)),
  messages: async () => messagesSection(await measureMessages(MESSAGES)),
  real: async () => realSection(await measureReal(REAL)),
};
const wanted = only?.split(',') ?? Object.keys(SECTIONS);
const before =
  only === undefined
    ? []
    : readFileSync(RESULTS, 'utf8')
        .trimEnd()
        .split(/\n+(?=## )/)
        .slice(1);
const sections = [];
for (const [at, [name, measure]] of Object.entries(SECTIONS).entries())
  sections.push(wanted.includes(name) ? await measure() : before[at]);
const [{ model }] = cpus();
const report = `# Results

Written by \`npm run bench\`: Node ${process.version}, ${cpus().length} × ${model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GiB;
ws ${versionOf('ws')}, engine.io ${versionOf('engine.io')}, socket.io ${versionOf('socket.io')}, Nest ${versionOf('@nestjs/core')}. The machine is shared: compare what stands side by side. What a fleet costs is in
[docs/fleet.md](../docs/fleet.md), by \`npm run bench:fleet\`.

${sections.join('\n\n')}
`;
console.log(report);
writeFileSync(RESULTS, report);
