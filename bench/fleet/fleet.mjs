// What a fleet costs: Redis commands, bytes and memory, and the CPU of a node and of Redis, for 10,000 connections of one node
// over two heartbeat intervals, with 1 % of the connections coming and going in each. The connections are records without
// sockets, so that nothing but the fleet is measured. Needs the build and a redis-server; prints one table.
//
//   node bench/fleet/fleet.mjs [--connections 10000] [--intervals 2]
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';

import { Redis } from 'ioredis';
import { createClient } from 'redis';

import { FleetMember } from '../../dist/esm/fleet/fleet.member.js';
import { LifecycleBus } from '../../dist/esm/lifecycle/lifecycle.bus.js';
import { RedisFleetStore } from '../../dist/esm/redis/index.js';

const { values } = parseArgs({
  options: {
    connections: { type: 'string', default: '10000' },
    intervals: { type: 'string', default: '2' },
  },
});
const CONNECTIONS = Number(values.connections);
const INTERVALS = Number(values.intervals);
const HEARTBEAT_MS = 30_000;
const CHURN = 0.01;
const TICK_MS = 250;

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

/** A redis-server with a folder of its own, which ends with this process. */
async function startRedis() {
  const [port, folder] = [await freePort(), mkdtempSync(join(tmpdir(), 'fleet-bench-'))];
  const options = ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder, '--save', ''];
  const child = spawn('redis-server', options, { stdio: 'ignore' });
  process.once('exit', () => {
    child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  });
  const cli = (...command) =>
    execFileSync('redis-cli', ['-p', String(port), ...command], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
  for (let tries = 0; ; tries++) {
    try {
      cli('PING');
      return { port, cli };
    } catch (error) {
      if (tries > 100) throw error;
      await sleep(50);
    }
  }
}

const EMPTY = () => ({
  total: 0,
  closing: 0,
  byAge: { '0-1h': 0, '1-6h': 0, '6-12h': 0, '12-24h': 0, '24h+': 0 },
  byLastActivity: { active_last_60s: 0, 'idle_1-5min': 0, 'idle_5min+': 0 },
});

/** A crowd that answers heartbeats at phases of its own. */
class Crowd {
  connections = [];
  sequence = 0;
  server = { name: 'ChatGateway' };

  open() {
    const sequence = ++this.sequence;
    const at = Date.now();
    const address = `203.0.113.${sequence % 250}`;
    const connection = {
      sequence,
      identity: `user-${sequence}`,
      openedAt: at,
      lastActivityAt: at,
      server: this.server,
      transport: 'ws',
      peer: { address },
    };
    this.connections.push(connection);
    return connection;
  }

  answer(phase) {
    const at = Date.now();
    for (let index = phase; index < this.connections.length; index += 120)
      this.connections[index].lastActivityAt = at;
  }
}

function sourceOf(crowd) {
  return {
    nodeId: `bench${process.pid}`,
    startedAt: Date.now(),
    heartbeatMs: HEARTBEAT_MS,
    identityCount: () => crowd.connections.length,
    connectionCount: () => crowd.connections.length,
    findings: () => [],
    all: () => crowd.connections,
    census(connections) {
      const census = EMPTY();
      for (const _each of connections) census.total++;
      census.byAge['0-1h'] = census.byLastActivity.active_last_60s = census.total;
      return census;
    },
    toEpoch: (at) => at,
    idleMs: ({ lastActivityAt }) => Date.now() - lastActivityAt,
    limitsOf: () => ({ staleAfterMs: 90_000, overdueAfterMs: 220_000 }),
    connections: () => [],
    now: () => Date.now(),
    nextTurn: (run) => setImmediate(run),
  };
}

async function connect(library, port) {
  if (library === 'ioredis') {
    const client = new Redis(port, '127.0.0.1');
    await once(client, 'ready');
    return { client, end: () => client.disconnect() };
  }
  const client = await createClient({ socket: { port, host: '127.0.0.1' } }).connect();
  return { client, end: () => client.destroy() };
}

/** The counters of a server. */
function countsOf(cli) {
  const info = cli('INFO', 'all');
  const read = (name) => Number(new RegExp(`^${name}:([\\d.]+)`, 'm').exec(info)[1]);
  return {
    // What scripts call within the server is no command of ours.
    commands: [...info.matchAll(/^cmdstat_(evalsha|eval|hmget|unlink):calls=(\d+)/gm)].reduce(
      (sum, [, , calls]) => sum + Number(calls),
      0,
    ),
    bytesIn: read('total_net_input_bytes'),
    bytesOut: read('total_net_output_bytes'),
    memory: read('used_memory'),
    cpuMs: 1_000 * (read('used_cpu_user') + read('used_cpu_sys')),
  };
}

const number = (value, digits) => Number(value.toFixed(digits));

async function measure(library) {
  const { port, cli } = await startRedis();
  const { client, end } = await connect(library, port);
  const crowd = new Crowd();
  const member = new FleetMember({
    store: new RedisFleetStore(client),
    source: sourceOf(crowd),
    bus: new LifecycleBus(Date.now, () => undefined),
    board: { raise: ({ message }) => console.error(message), clear: () => undefined },
    commands: {},
    monotonic: () => performance.now(),
  });
  const empty = countsOf(cli);
  for (let count = 0; count < CONNECTIONS; count++) member.mirror.put(crowd.open());
  const timer = setInterval(() => member.tick(), TICK_MS);
  while (member.summary?.isComplete !== true) await sleep(50);
  await sleep(6_000);

  const [before, cpu, began] = [countsOf(cli), process.cpuUsage(), performance.now()];
  let slept = 0;
  const steps = INTERVALS * 120;
  const perStep = (CONNECTIONS * CHURN) / 120;
  let owed = 0;
  for (let step = 0; step < steps; step++) {
    crowd.answer(step % 120);
    for (owed += perStep; owed >= 1; owed--) {
      const index = Math.floor(Math.random() * crowd.connections.length);
      const [gone] = crowd.connections.splice(index, 1);
      member.mirror.drop(gone);
      member.mirror.put(crowd.open());
    }
    slept += TICK_MS;
    await sleep(Math.max(0, began + slept - performance.now()));
  }
  const used = process.cpuUsage(cpu);
  const after = countsOf(cli);
  clearInterval(timer);
  await member.leave();
  end();
  const per = CONNECTIONS * INTERVALS;

  return {
    client: library,
    'commands / connection / interval': number((after.commands - before.commands) / per, 4),
    'bytes to Redis': number((after.bytesIn - before.bytesIn) / per, 1),
    'bytes from Redis': number((after.bytesOut - before.bytesOut) / per, 1),
    'Redis memory / connection': number((after.memory - empty.memory) / CONNECTIONS, 0),
    'node CPU ms / interval': number((used.user + used.system) / 1_000 / INTERVALS, 0),
    'Redis CPU ms / interval': number((after.cpuMs - before.cpuMs) / INTERVALS, 0),
    'keys left': Number(cli('DBSIZE')),
  };
}

const rows = [];
for (const library of ['ioredis', 'node-redis']) rows.push(await measure(library));
console.log(
  `fleet: ${CONNECTIONS} connections of one node, heartbeat interval ${HEARTBEAT_MS / 1_000} s, ${INTERVALS} intervals, ${CHURN * 100} % come and go in each`,
);
console.table(rows);
process.exit();
