// Where the time of one simulation goes, phase by phase.
//
//   node --expose-gc bench/scale/profile.child.mjs <connections>
import { Registry } from 'prom-client';

import { beginProfile } from '../support/profile.mjs';
import { Simulation } from './simulation.mjs';

const INTERVAL_MS = 30_000;

const simulation = new Simulation({ metrics: { registry: new Registry() } });
const { clock, runtime, server } = simulation;
simulation.open(Number(process.argv[2]));
simulation.speak();
await clock.advance(INTERVAL_MS);

async function many(count, work) {
  for (let at = 0; at < count; at++) await work();
}

async function sweep() {
  const work = { isDone: false };
  clock.afterPoll(() => void runtime.sweeper.sweep({ dryRun: true }).then(() => (work.isDone = true)));
  while (!work.isDone) await clock.settle();
}

const PHASES = {
  'an interval of heartbeats': () => clock.advance(INTERVAL_MS),
  'ten sweeps': () => many(10, sweep),
  'ten snapshots': () => many(10, () => runtime.reports.snapshot()),
  'ten scrapes': () => many(10, () => runtime.reports.metrics()),
  '100,000 open'() {
    const late = Array.from({ length: 100_000 }, () => simulation.socket());
    for (const socket of late) server.clients.add(socket);
    for (const socket of late) simulation.connect(socket);
  },
};

const texts = {};
for (const [phase, work] of Object.entries(PHASES)) {
  const end = await beginProfile();
  await work();
  texts[phase] = (await end()).text;
}
process.send(texts);
simulation.end();
process.disconnect();
