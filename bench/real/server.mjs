// One server with one way of keeping connections alive, in a process of its own, asked by messages.
//
//   node --expose-gc bench/real/server.mjs <variant> <intervalMs>
import { createServer } from 'node:http';
import { monitorEventLoopDelay } from 'node:perf_hooks';

import { profileAnswers } from '../support/profile.mjs';
import { VARIANTS } from './variants.mjs';

const [variant, intervalMs] = [process.argv[2], Number(process.argv[3])];
const delay = monitorEventLoopDelay({ resolution: 1 });
const server = createServer();
await VARIANTS[variant](server, intervalMs);
server.listen({ port: 0, host: '127.0.0.1', backlog: 4_096 }, () =>
  process.send({ port: server.address().port }),
);

let cpu;
const ANSWERS = {
  // Apart from CPU: a timer each millisecond takes more of it than heartbeats do.
  beginDelay() {
    delay.reset();
    delay.enable();
    return {};
  },
  endDelay() {
    delay.disable();
    return { longestMs: delay.max / 1e6, p99Ms: delay.percentile(99) / 1e6 };
  },
  beginCpu() {
    cpu = process.cpuUsage();
    return {};
  },
  endCpu() {
    const { user, system } = process.cpuUsage(cpu);
    return { cpuMs: (user + system) / 1_000 };
  },
  ...profileAnswers(),
  memory() {
    global.gc();
    global.gc();
    const { heapUsed, arrayBuffers, rss } = process.memoryUsage();
    const timers = process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
    return { heapUsed, arrayBuffers, rss, timers };
  },
};

process.on('message', async ({ ask }) => process.send({ answer: ask, ...(await ANSWERS[ask]()) }));
process.on('disconnect', () => process.exit());
