import { afterEach, describe, expect, it } from '@jest/globals';
import { WebSocketGateway } from '@nestjs/websockets';
import type { AddressInfo } from 'node:net';

import type { TestApp } from '../support/app.js';
import { useApps } from '../support/apps.js';
import { sleep, until } from '../support/wait.js';
import { ChildClient } from './child.client.js';
import { namespacesForbidden, NetworkNamespace } from './network.namespace.js';

const HEARTBEAT = { intervalMs: 500, timeoutMs: 300 };
const TICK = 50;
/** What a loaded machine may add. */
const SLACK = 700;
const BOUND = HEARTBEAT.intervalMs + HEARTBEAT.timeoutMs + TICK + SLACK;
const OPTIONS = { heartbeat: HEARTBEAT, sweep: { closeTimeoutMs: 500 } };

@WebSocketGateway()
class PlainGateway {}

/** An answer has just been read: the connection is alive for sure. */
async function answered({ service }: TestApp): Promise<void> {
  await until('it has answered', () => service.connections()[0]?.latencyMs !== undefined, 20_000);
}

describe('a client process', () => {
  const clients: ChildClient[] = [];
  afterEach(async () => {
    for (const client of clients.splice(0)) await client.end();
  });
  const start = useApps();

  async function connect(running: TestApp): Promise<ChildClient> {
    const client = await ChildClient.connect(running.url);
    clients.push(client);
    return client;
  }

  it('that is killed is gone at once, as an error', async () => {
    const running = await start([PlainGateway], OPTIONS);
    const client = await connect(running);
    await answered(running);
    const killedAt = performance.now();
    client.signal('SIGKILL');
    await until('it is closed', () => running.eventsOf('closed').length === 1);
    // The kernel says so; nobody has to wait for a heartbeat.
    expect(performance.now() - killedAt).toBeLessThan(HEARTBEAT.timeoutMs);
    expect(running.eventsOf('closed')).toMatchObject([
      { reason: 'error', code: 1006, evidence: { receivedCode: 1006, hasAnswered: true, missed: 0 } },
    ]);
    expect(running.eventsOf('closed')[0]!.ghost).toBeUndefined();
  }, 60_000);

  it('that is stopped is found silent within the bound, and ended without its help', async () => {
    const running = await start([PlainGateway], OPTIONS);
    const client = await connect(running);
    await answered(running);
    client.signal('SIGSTOP');
    const stoppedAt = performance.now();
    await until('its silence is noticed', () => running.eventsOf('missed').length === 1);
    expect(performance.now() - stoppedAt).toBeLessThan(BOUND);
    expect(running.service.connections()).toMatchObject([{ state: 'closing' }]);
    await until('it is closed', () => running.eventsOf('closed').length === 1);
    expect(running.eventsOf('closed')).toMatchObject([
      { reason: 'timeout', code: 4001, ghost: 'silent', evidence: { sentCode: 4001, receivedCode: 1006 } },
    ]);
    expect(running.service.connections()).toEqual([]);
    client.signal('SIGCONT');
    await until('it hears of it when it wakes', () => client.said('closed 4001') === 1, 20_000);
  }, 60_000);

  it('that is stopped for less than the bound stays', async () => {
    const running = await start([PlainGateway], { heartbeat: { intervalMs: 2_000, timeoutMs: 1_800 } });
    const client = await connect(running);
    await answered(running);
    client.signal('SIGSTOP');
    await sleep(1_000);
    client.signal('SIGCONT');
    const before = client.said('answered');
    await until('it answers again', () => client.said('answered') > before, 20_000);
    expect(running.eventsOf('closed')).toEqual([]);
  }, 60_000);
});

const forbidden = namespacesForbidden();
if (forbidden !== undefined) console.warn(`skipped, no network namespaces here: ${forbidden}`);

(forbidden === undefined ? describe : describe.skip)('a client whose network is gone', () => {
  const cleanups: (() => unknown)[] = [];
  afterEach(async () => {
    for (const undo of cleanups.splice(0).toReversed()) await undo();
  });
  const start = useApps();

  it.each([
    ['drops every packet', 'cutSilently'],
    ['was unplugged', 'unplug'],
  ] as const)(
    'because the link %s is found silent within the bound',
    async (_name, cut) => {
      const network = NetworkNamespace.create();
      cleanups.push(() => network.remove());
      const running = await start([PlainGateway], OPTIONS, { prepare: listenEverywhere });
      const { port } = running.app.getHttpServer().address() as AddressInfo;
      const client = await ChildClient.connect(`ws://${network.outsideAddress}:${port}`, network.within);
      cleanups.push(() => client.end());
      await answered(running);
      network[cut]();
      const cutAt = performance.now();
      await until('its silence is noticed', () => running.eventsOf('missed').length === 1);
      expect(performance.now() - cutAt).toBeLessThan(BOUND);
      await until('it is closed', () => running.eventsOf('closed').length === 1);
      expect(running.eventsOf('closed')).toMatchObject([
        { reason: 'timeout', code: 4001, ghost: 'silent', evidence: { receivedCode: 1006 } },
      ]);
      expect(running.service.connections()).toEqual([]);
      expect(client.said('closed 1006') + client.said('closed 4001')).toBe(0);
    },
    30_000,
  );
});

/** Tests listen on the loopback device, which no other network reaches. */
function listenEverywhere(app: TestApp['app']): void {
  const listen = app.listen.bind(app) as (port: number, address: string) => Promise<unknown>;
  app.listen = ((port: number) => listen(port, '0.0.0.0')) as typeof app.listen;
}
