// Echo through a Nest gateway with and without the module, in turn on the same machine within the same second: messages a
// second, the latency of the slowest hundredth, and CPU of the server for each message.
//
//   node bench/messages/messages.mjs [--pairs 10] [--seconds 1]
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

async function load({ server, clients }, seconds) {
  const { cpuMs: before } = await ask(server, 'cpu');
  const from = performance.now();
  clients.send({ ask: 'go' });
  await sleep(seconds * 1_000);
  const { count, p99Ms } = await ask(clients, 'stop');
  const elapsedMs = performance.now() - from;
  // What is under way comes back, and belongs to nobody.
  await sleep(100);
  const { cpuMs: after } = await ask(server, 'cpu');
  return { perSecond: (count / elapsedMs) * 1_000, p99Ms, cpuUs: ((after - before) * 1_000) / count };
}

/** @returns where the time of a gateway `with` or `without` the module goes, as text */
export async function profileMessages(name, { seconds }) {
  const one = await side(name, { ...MESSAGES[0], ...CROWDS[0] });
  try {
    await load(one, seconds);
    await ask(one.server, 'profile');
    await load(one, seconds);
    return (await ask(one.server, 'profiled')).text;
  } finally {
    for (const child of Object.values(one)) child.kill('SIGKILL');
  }
}

/** @returns for each case the medians of the ratios with ÷ without, and how sure they are */
export async function measureMessages({ pairs, seconds }) {
  const rows = [];
  for (const message of MESSAGES)
    for (const crowd of CROWDS) {
      const sides = {
        with: await side('with', { ...message, ...crowd }),
        without: await side('without', { ...message, ...crowd }),
      };
      try {
        const ratios = { perSecond: [], p99Ms: [], cpuUs: [] };
        const rates = [];
        // The first pair warms up.
        for (let pair = 0; pair <= pairs; pair++) {
          const order = pair % 2 === 0 ? ['with', 'without'] : ['without', 'with'];
          const found = {};
          for (const name of order) found[name] = await load(sides[name], seconds);
          if (pair === 0) continue;
          rates.push(found.without.perSecond);
          for (const [key, list] of Object.entries(ratios)) list.push(found.with[key] / found.without[key]);
        }
        rows.push({
          ...message,
          ...crowd,
          perSecond: median(rates),
          throughput: intervalOf(ratios.perSecond),
          p99: intervalOf(ratios.p99Ms),
          cpu: intervalOf(ratios.cpuUs),
        });
        process.stderr.write(`${JSON.stringify(rows.at(-1))}\n`);
      } finally {
        for (const { server, clients } of Object.values(sides))
          for (const child of [clients, server]) child.kill('SIGKILL');
      }
    }
  return rows;
}

if (process.argv[1] === new URL(import.meta.url).pathname) {
  const { values } = parseArgs({
    options: {
      pairs: { type: 'string', default: '10' },
      seconds: { type: 'string', default: '1' },
    },
  });
  console.table(await measureMessages({ pairs: Number(values.pairs), seconds: Number(values.seconds) }));
}
