import { afterEach, describe, expect, it } from '@jest/globals';

import type { TestApp } from '../support/app.js';
import { useApps } from '../support/apps.js';
import { stallAllowanceMs } from '../support/stalls.js';
import { sleep, until } from '../support/wait.js';
import { adapterFor, HEARTBEAT, PhoenixGateway, SignalrGateway } from '../wires/gateways.js';
import { GraphqlServer } from '../wires/graphql.server.js';
import { WireClient } from '../wires/wire.client.js';

/** How often the clients ask, and how long they wait for a sign of the server. */
const ASK_MS = 500;
const SERVER_TIMEOUT_MS = 2_000;
const STAY_MS = 5_000;
/** Until a frozen client is closed: the promise, a tick, and what a loaded machine may add. */
const BOUND_MS = HEARTBEAT.intervalMs + HEARTBEAT.timeoutMs + 70 + 900;

interface Stage {
  readonly running: TestApp;
  readonly graphql: GraphqlServer;
  readonly phoenix: PhoenixGateway;
  readonly signalr: SignalrGateway;
}

/** Each of them has printed a line. */
async function allSay(
  all: readonly (readonly [string, WireClient])[],
  line: string,
  times = 1,
): Promise<void> {
  for (const [name, client] of all)
    await until(`${name} says "${line}"`, () => client.said(line) >= times, 20_000);
}

function blockFor(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

describe('real, unmodified clients', () => {
  const clients: WireClient[] = [];
  const servers: GraphqlServer[] = [];
  afterEach(async () => {
    for (const client of clients.splice(0)) await client.end();
    for (const server of servers.splice(0)) server.close();
  });
  const start = useApps();

  async function setStage(): Promise<Stage> {
    const running = await start(
      [PhoenixGateway, SignalrGateway],
      { sweep: { closeTimeoutMs: 300 } },
      { adapter: adapterFor },
    );
    const graphql = await GraphqlServer.start();
    servers.push(graphql);
    running.service.watch(graphql.server, {
      name: 'graphql',
      heartbeat: { ...HEARTBEAT, codec: 'graphql-ws' },
    });
    return {
      running,
      graphql,
      phoenix: running.app.get(PhoenixGateway),
      signalr: running.app.get(SignalrGateway),
    };
  }

  function connect(name: string, url: string): WireClient {
    const client = WireClient.start(name, url, ASK_MS, SERVER_TIMEOUT_MS);
    clients.push(client);
    return client;
  }

  function connectAll({ running, graphql }: Stage): readonly (readonly [string, WireClient])[] {
    return [
      ['phoenix', connect('phoenix', running.url)],
      ['signalr', connect('signalr', running.url)],
      ['graphql-ws', connect('graphql-ws', graphql.url)],
    ];
  }

  it('stay connected and content, and talk to the app, which sees no heartbeat of theirs', async () => {
    const stage = await setStage();
    const all = connectAll(stage);
    await allSay(all, 'open');
    await sleep(STAY_MS);
    for (const [, client] of all) client.talk();
    await allSay(all, 'heard');

    for (const [name, client] of all) {
      const told = Object.fromEntries(
        ['open', 'closed', 'dead server'].map((line) => [line, client.said(line)]),
      );
      expect({ name, ...told }).toEqual({ name, open: 1, closed: 0, 'dead server': 0 });
    }
    expect(stage.running.eventsOf('missed')).toEqual([]);
    expect(stage.running.eventsOf('closed')).toEqual([]);

    // Phoenix: every heartbeat was answered, by us.
    const [, phoenix] = all[0]!;
    expect(phoenix.said('heartbeat ok')).toBeGreaterThanOrEqual(STAY_MS / ASK_MS / 2);
    expect(stage.phoenix.handled).toEqual(['phx_join', 'shout']);
    expect(stage.phoenix.raw.filter((text) => text.includes('heartbeat'))).toEqual([]);
    // SignalR: the app has seen the handshake and the call.
    expect(stage.signalr.handled).toEqual([
      { protocol: 'json', version: expect.any(Number) },
      expect.objectContaining({ type: 1, target: 'Shout' }),
    ]);
    expect(stage.signalr.raw).toHaveLength(2);
    // GraphQL: ours was answered with its ts, theirs by us.
    const [, graphql] = all[2]!;
    expect(graphql.said('pinged')).toBeGreaterThanOrEqual(STAY_MS / HEARTBEAT.intervalMs / 2);
    expect(graphql.said('heartbeat ok')).toBeGreaterThanOrEqual(3);
    expect(stage.graphql.pinged).toEqual([]);
    expect(stage.graphql.ponged).toEqual([]);
    expect(stage.graphql.raw.filter((text) => /"p[io]ng"/.test(text))).toEqual([]);
    const latencies = new Map(
      stage.running.service.connections().map(({ gateway, latencyMs }) => [gateway, latencyMs]),
    );
    expect(latencies.get('graphql')).toBeGreaterThan(0);
    expect(latencies.get('PhoenixGateway')).toBeUndefined();
    expect(latencies.get('SignalrGateway')).toBeUndefined();
  }, 60_000);

  it('are closed within the bound when frozen, and come back by themselves when they wake', async () => {
    const stage = await setStage();
    const { running } = stage;
    const all = connectAll(stage);
    await allSay(all, 'open');
    await sleep(HEARTBEAT.intervalMs);
    const ids = new Map(running.service.connections().map(({ gateway, id }) => [gateway, id]));
    const frozenAt = performance.now();
    for (const [, client] of all) client.signal('SIGSTOP');
    const timeouts = (): (string | undefined)[] =>
      running
        .eventsOf('missed')
        .filter(({ connection }) => connection.id === ids.get(connection.gateway))
        .map(({ connection }) => connection.gateway)
        .toSorted();
    await until('all three are missed', () => timeouts().length === 3, 10_000);
    expect(performance.now() - frozenAt).toBeLessThan(
      BOUND_MS + stallAllowanceMs(running, HEARTBEAT.timeoutMs),
    );
    expect(timeouts()).toEqual(['PhoenixGateway', 'SignalrGateway', 'graphql']);
    await until('all three are gone', () => running.eventsOf('closed').length === 3, 10_000);
    expect(running.eventsOf('closed').map(({ reason, ghost }) => [reason, ghost])).toEqual(
      [1, 2, 3].map(() => ['timeout', 'silent']),
    );
    for (const [, client] of all) client.signal('SIGCONT');
    await allSay(all, 'open', 2);
    await until('all are back', () => running.service.connections({ state: 'open' }).length === 3);
  }, 60_000);

  it('outlive a stall of ours that is longer than they may be silent (R2)', async () => {
    const { running, graphql } = await setStage();
    const patient = 20_000;
    const all = [
      ['signalr', WireClient.start('signalr', running.url, ASK_MS, patient)],
      ['graphql-ws', WireClient.start('graphql-ws', graphql.url, ASK_MS, patient)],
    ] as const;
    clients.push(...all.map(([, client]) => client));
    await allSay(all, 'open');
    await sleep(HEARTBEAT.intervalMs);
    // In the check phase, from where timers come before what waits to be read.
    await new Promise<void>((resolve) => {
      setImmediate(() => {
        blockFor(2 * (HEARTBEAT.intervalMs + HEARTBEAT.timeoutMs));
        resolve();
      });
    });
    await sleep(HEARTBEAT.intervalMs + HEARTBEAT.timeoutMs);
    expect(running.eventsOf('stalled').length).toBeGreaterThan(0);
    expect(running.eventsOf('closed')).toEqual([]);
    expect(all.map(([, client]) => [client.said('open'), client.said('closed')])).toEqual([
      [1, 0],
      [1, 0],
    ]);
  }, 60_000);

  it('get nothing of ours before the handshake of SignalR is over, however late the app replies', async () => {
    const { running, signalr } = await setStage();
    signalr.replyAfterMs = 2.5 * HEARTBEAT.intervalMs;
    const client = connect('signalr', running.url);
    await until('it has made up its mind', () => client.lines.length > 0, 20_000);
    await sleep(2 * HEARTBEAT.intervalMs);
    // A ping before the reply would have been "Expected a handshake response from the server".
    expect(client.lines).toEqual(['open']);
  }, 60_000);
});
