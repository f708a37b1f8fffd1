// One size of bench/scale/scale.mjs.
//
//   node --expose-gc bench/scale/scale.child.mjs <connections>
import { Registry } from 'prom-client';

import { cpuNow, Simulation } from './simulation.mjs';

const INTERVAL_MS = 30_000;
const STORM = 100_000;

const size = Number(process.argv[2]);
const simulation = new Simulation({ metrics: { registry: new Registry() } });
const { clock, runtime, server } = simulation;

/** Bytes that are kept, columns included, which are outside the JavaScript heap. */
function kept() {
  globalThis.gc();
  globalThis.gc();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

/** Milliseconds of CPU. */
function timed(work) {
  const from = cpuNow();
  work();
  return cpuNow() - from;
}

/** The second of two: the first also compiles. */
function warm(work) {
  timed(work);
  return timed(work);
}

/** Milliseconds of CPU of some work that goes on over many turns of the event loop, and its longest slice. */
async function sliced(begin) {
  clock.reset();
  const from = cpuNow();
  const work = { isDone: false };
  clock.afterPoll(() => void begin().then(() => (work.isDone = true)));
  while (!work.isDone) await clock.settle();
  return { cpuMs: cpuNow() - from, longestMs: Math.max(...clock.slices) };
}

const sockets = Array.from({ length: size }, () => simulation.socket());
for (const socket of sockets) server.clients.add(socket);
const before = kept();
for (const socket of sockets) simulation.connect(socket);
const atOnce = (kept() - before) / size;
simulation.sockets = sockets;
simulation.speak();
await clock.advance(INTERVAL_MS);
const after = (kept() - before) / size;

clock.reset();
const from = cpuNow();
await clock.advance(INTERVAL_MS);
const beatUs = ((cpuNow() - from) * 1_000) / size;
const slices = clock.slices.toSorted((one, other) => one - other);

const sweep = () => runtime.sweeper.sweep({ dryRun: true });
await sliced(sweep);
const swept = await sliced(sweep);

// What no pass over so many can be faster than.
const floor = new Float64Array(size).fill(1);
let sum = 0;
const floorMs = warm(() => {
  for (let at = 0; at < size; at++) if (5 - floor[at] > 90_000) sum++;
});

const { reports, photographer } = runtime;
const middle = `${photographer.idPrefix}-${(size >> 1).toString(36)}`;
const reading = {
  snapshotMs: warm(() => reports.snapshot()),
  scrapeMs: 0,
  newestMs: warm(() => reports.connections({ limit: 50, order: 'newest' })),
  pageMs: warm(() => reports.connections({ limit: 50, after: middle })),
};
await reports.metrics();
const scrapeFrom = cpuNow();
await reports.metrics();
reading.scrapeMs = cpuNow() - scrapeFrom;

const late = Array.from({ length: STORM }, () => simulation.socket());
for (const socket of late) server.clients.add(socket);
const openStormMs = timed(() => late.forEach((socket) => simulation.connect(socket)));
const closeStormMs = timed(() =>
  late.forEach((socket) => {
    server.clients.delete(socket);
    socket.readyState = 3;
    socket.emit('close', 1000, Buffer.alloc(0));
  }),
);

process.send({
  connections: size,
  longestSliceMs: slices.at(-1),
  p99SliceMs: slices[Math.floor(slices.length * 0.99)],
  beatUs,
  sweepCpuMs: swept.cpuMs,
  sweepLongestMs: swept.longestMs,
  passFloorMs: floorMs + sum,
  ...reading,
  openStormMs,
  closeStormMs,
  openedBytes: atOnce,
  keptBytes: after,
});
simulation.end();
process.disconnect();
