import { describe, expect, it } from '@jest/globals';
import { WebSocketGateway } from '@nestjs/websockets';
import {
  OnConnectionOpened,
  OnHeartbeatMissed,
  OnConnectionClosed,
  type ConnectionHealthModuleOptions,
  type HeartbeatCodec,
} from 'nestjs-connection-health';
import type { WebSocket } from 'ws';

import { JsonCodec } from '../../lib/protocol/json.codec.js';
import type { TestApp } from '../support/app.js';
import { useApps } from '../support/apps.js';
import { TestClient } from '../support/client.js';
import { sleep, until } from '../support/wait.js';

const HEARTBEAT = { intervalMs: 200, timeoutMs: 120 };

@WebSocketGateway()
class PlainGateway {
  readonly clients: WebSocket[] = [];
  handleConnection(client: WebSocket): void {
    this.clients.push(client);
  }
}

@WebSocketGateway()
class FaultyGateway {
  @OnConnectionOpened()
  opened(): void {
    throw new Error('opened');
  }

  @OnHeartbeatMissed()
  async missed(): Promise<void> {
    throw new Error('missed');
  }

  @OnConnectionClosed()
  closed(): void {
    // An error that cannot even be read.
    throw Object.create(null) as Error;
  }
}

/** What makes `trustProxy` asked. */
const FORWARDED = { headers: { 'x-forwarded-for': '1.2.3.4' } };

function fail(): never {
  throw new Error('failing');
}

/** A codec that fails for as long as it is told to. */
class MoodyCodec implements HeartbeatCodec {
  readonly name = 'moody';
  isFailing = false;
  private readonly json = new JsonCodec();

  recognise(...frame: Parameters<HeartbeatCodec['recognise']>): ReturnType<HeartbeatCodec['recognise']> {
    return this.json.recognise(...frame);
  }

  encode(message: Parameters<HeartbeatCodec['encode']>[0]): string {
    return this.isFailing ? fail() : this.json.encode(message);
  }
}

/** The dead are found, the living are kept, and the sweep goes on. */
async function expectAllIsWell(running: TestApp, closedBefore = 0): Promise<void> {
  const living = await TestClient.connect(running.url, FORWARDED);
  const silent = await TestClient.connect(running.url, { ...FORWARDED, answers: false });
  await until('the silent one is closed', () => silent.closed?.code === 4001);
  await until('its end is told', () => running.eventsOf('closed').length > closedBefore);
  const sweeps = running.eventsOf('swept').length;
  await until('the sweep goes on', () => running.eventsOf('swept').length > sweeps + 1);
  expect(living.isOpen).toBe(true);
  expect(living.pings.length).toBeGreaterThan(0);
}

function optionsWith(more: ConnectionHealthModuleOptions): ConnectionHealthModuleOptions {
  return { heartbeat: HEARTBEAT, sweep: { intervalMs: 150 }, drain: { timeoutMs: 200 }, ...more };
}

describe('code of the app that fails', () => {
  const startApp = useApps();

  const FAULTS: Record<string, ConnectionHealthModuleOptions> = {
    identify: { identify: fail },
    'identify, later': { identify: () => Promise.reject(new Error('later')) },
    'identify, with nonsense': { identify: () => Symbol('nobody') },
    'identify, by a promise of nonsense': { identify: async () => ({}) },
    // oxlint-disable-next-line unicorn/no-thenable -- that is what fails
    'identify, by something that cannot be awaited': { identify: () => ({ then: fail }) },
    'identify, by something that cannot be looked at': {
      // oxlint-disable-next-line unicorn/no-thenable -- that is what fails
      identify: () => Object.defineProperty({}, 'then', { get: fail }) as object,
    },
    trustProxy: { trustProxy: fail },
  };

  it.each(Object.entries(FAULTS))('harms nobody in %s', async (_what, options) => {
    const running = await startApp([PlainGateway], optionsWith(options));
    await expectAllIsWell(running);
    expect(running.eventsOf('user_code_failed').length).toBeGreaterThan(0);
  });

  it('asks a lazy query who a client is once', async () => {
    let executed = 0;
    // As Mongoose's queries: they run when awaited, and refuse to run twice.
    const query = (): object => {
      let isExecuted = false;
      return {
        // oxlint-disable-next-line unicorn/no-thenable -- queries of database libraries do
        then(resolve: (identity: string) => void, reject: (error: Error) => void): void {
          executed++;
          if (isExecuted) reject(new Error('Query was already executed'));
          else resolve('ada');
          isExecuted = true;
        },
      };
    };
    const running = await startApp([PlainGateway], optionsWith({ identify: query }));
    await TestClient.connect(running.url);
    await until('it is known', () => running.service.connections({ identity: 'ada' }).length === 1);
    await sleep(50);
    expect(running.eventsOf('user_code_failed')).toEqual([]);
    expect(executed).toBe(1);
  });

  it('harms nobody in hooks, now or later, whatever they throw', async () => {
    const running = await startApp([FaultyGateway], optionsWith({}));
    await expectAllIsWell(running);
    const failed = new Set(running.eventsOf('user_code_failed').map(({ what }) => what));
    for (const hook of ['opened', 'missed', 'closed']) expect(failed).toContain(`FaultyGateway.${hook}`);
  });

  it('harms nobody in a codec that fails for a while', async () => {
    const codec = new MoodyCodec();
    const running = await startApp([PlainGateway], optionsWith({ heartbeat: { ...HEARTBEAT, codec } }));
    const client = await TestClient.connect(running.url);
    await until('it was asked', () => client.pings.length > 0);
    codec.isFailing = true;
    client.send({ type: 'client_ping', ts: 1 });
    await sleep(3 * HEARTBEAT.intervalMs);
    codec.isFailing = false;
    expect(client.closed).toBeUndefined();
    await expectAllIsWell(running);
    expect(running.eventsOf('user_code_failed').length).toBeGreaterThan(2);
  });

  it('does not throw a codec’s failure into the app’s own send()', async () => {
    const codec = new MoodyCodec();
    const running = await startApp([PlainGateway], optionsWith({ heartbeat: { ...HEARTBEAT, codec } }));
    const client = await TestClient.connect(running.url);
    const [socket] = running.app.get(PlainGateway).clients;
    socket!.send('half a ', { fin: false });
    await sleep(2 * HEARTBEAT.intervalMs);
    codec.isFailing = true;
    expect(() => socket!.send('message', { fin: true })).not.toThrow();
    codec.isFailing = false;
    await until('the message is whole', () => client.messages.includes('half a message'));
    await expectAllIsWell(running);
  });

  it('harms nobody in a codec that fails when very many are asked once more', async () => {
    const codec = new MoodyCodec();
    const running = await startApp(
      [PlainGateway],
      optionsWith({
        heartbeat: { intervalMs: 600, timeoutMs: 400, codec },
        massTimeout: { minConnections: 10, ratio: 0.5 },
      }),
    );
    const clients = await Promise.all(Array.from({ length: 60 }, () => TestClient.connect(running.url)));
    await until('all have answered', () => clients.every(({ answeredAt }) => answeredAt !== undefined));
    for (const client of clients) client.answers = false;
    await until('silence is noticed', () => running.eventsOf('missed').length > 0);
    codec.isFailing = true;
    await sleep(700);
    codec.isFailing = false;
    for (const client of clients) client.answers = true;
    await sleep(700);
    const open = clients.filter(({ isOpen }) => isOpen);
    await until('they are asked again', () => open.every(({ answeredAt }) => answeredAt !== undefined));
    await expectAllIsWell(running, running.eventsOf('closed').length);
  });
});
