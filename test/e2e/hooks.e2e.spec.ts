import { describe, expect, it, jest } from '@jest/globals';
import { Injectable, Scope } from '@nestjs/common';
import { SubscribeMessage, WebSocketGateway, type OnGatewayDisconnect } from '@nestjs/websockets';
import {
  ConnectionInfo,
  OnConnectionClosed,
  OnConnectionOpened,
  OnConnectionRecovered,
  OnConnectionStale,
  OnHeartbeatMissed,
  SkipConnectionHealth,
  ConnectionHealthService,
  type LifecycleEvent,
} from 'nestjs-connection-health';

import { MemoryLogger } from '../support/app.js';
import { useApps } from '../support/apps.js';
import { TestClient } from '../support/client.js';
import { until } from '../support/wait.js';

const HEARTBEAT = { intervalMs: 300, timeoutMs: 200, maxMissed: 2 };

class Diary {
  readonly heard: LifecycleEvent[] = [];
  @OnConnectionOpened()
  opened(event: LifecycleEvent): void {
    this.heard.push(event);
  }
  @OnHeartbeatMissed()
  missed(event: LifecycleEvent): void {
    this.heard.push(event);
  }
  @OnConnectionRecovered()
  recovered(event: LifecycleEvent): void {
    this.heard.push(event);
  }
  @OnConnectionStale()
  stale(event: LifecycleEvent): void {
    this.heard.push(event);
  }
  @OnConnectionClosed()
  closed(event: LifecycleEvent): void {
    this.heard.push(event);
  }
}

@WebSocketGateway({ path: '/diary' })
class DiaryGateway extends Diary {}

@WebSocketGateway({ path: '/other' })
class OtherGateway extends Diary {}

@SkipConnectionHealth()
@WebSocketGateway({ path: '/skipped' })
class SkippedGateway extends Diary {}

@WebSocketGateway({ path: '/throws' })
class ThrowingGateway {
  @OnConnectionOpened()
  now(): void {
    throw new Error('thrown\nnow');
  }
  @OnConnectionOpened()
  async later(): Promise<void> {
    await Promise.resolve();
    throw new Error('thrown later');
  }
  @OnConnectionClosed()
  nothing(): Promise<void> {
    return Promise.reject(undefined);
  }
  @SubscribeMessage('echo')
  echo(_client: unknown, data: unknown): unknown {
    return { event: 'echo', data };
  }
}

@WebSocketGateway({ path: '/info' })
class InfoGateway implements OnGatewayDisconnect {
  readonly atTheEnd: unknown[] = [];
  constructor(private readonly service: ConnectionHealthService) {}
  @SubscribeMessage('whoami')
  whoami(@ConnectionInfo() connection: object): unknown {
    return { event: 'whoami', data: connection };
  }
  handleDisconnect(client: object): void {
    this.atTheEnd.push(this.service.get(client));
  }
}

@WebSocketGateway({ path: '/scoped' })
@Injectable({ scope: Scope.REQUEST })
class ScopedGateway {
  @OnConnectionOpened()
  onOpened(): void {
    throw new Error('must not be called');
  }
}

describe('hooks on gateways', () => {
  const start = useApps();

  it("hear of their own gateway's connections, with the events that everybody gets", async () => {
    const gateways = [DiaryGateway, OtherGateway, SkippedGateway];
    const running = await start(gateways, { heartbeat: HEARTBEAT });
    const [client, other] = [
      await TestClient.connect(`${running.url}/diary`, { answers: false }),
      await TestClient.connect(`${running.url}/other`),
      await TestClient.connect(`${running.url}/skipped`),
    ];
    const { heard } = running.app.get(DiaryGateway);
    await until('it has missed one', () => heard.length === 2);
    client.answers = true;
    await until('it is back', () => heard.length === 3);
    client.answers = false;
    const { id } = running.service.connections().find(({ gateway }) => gateway === 'DiaryGateway')!;
    await until('it has been silent', () => running.service.connections()[0]!.idleMs > 50);
    other.send({ event: 'still there' });
    await until('the other has been heard', () => running.service.connections()[1]!.idleMs < 40);
    await running.service.sweep({ staleAfterMs: 50 });
    await until('it is gone', () => heard.at(-1)?.type === 'closed');
    expect(heard.map(({ type }) => type)).toEqual(['opened', 'missed', 'recovered', 'stale', 'closed']);
    const ofDiary = running.events.filter((event) => 'connection' in event && event.connection.id === id);
    expect(heard).toEqual(ofDiary);
    expect(JSON.parse(JSON.stringify(heard))).toHaveLength(5);
    expect(running.app.get(OtherGateway).heard.map(({ type }) => type)).toEqual(['opened']);
    expect(running.app.get(SkippedGateway).heard).toEqual([]);
  });

  it('that throw are logged with their name, and change nothing', async () => {
    const logger = new MemoryLogger();
    const rejections = jest.fn();
    process.on('unhandledRejection', rejections);
    const running = await start([ThrowingGateway], { heartbeat: HEARTBEAT }, { logger });
    const client = await TestClient.connect(`${running.url}/throws`);
    client.send({ event: 'echo', data: 1 });
    await until('it is served', () => client.messages.length === 1);
    client.socket.close();
    await until('all failures are told', () => running.eventsOf('user_code_failed').length === 3);
    process.off('unhandledRejection', rejections);
    expect(running.eventsOf('user_code_failed').map(({ what, error }) => [what, error])).toEqual([
      ['ThrowingGateway.now', 'thrown\\u000anow'],
      ['ThrowingGateway.later', 'thrown later'],
      ['ThrowingGateway.nothing', 'undefined'],
    ]);
    expect(running.eventsOf('opened')).toHaveLength(1);
    expect(running.eventsOf('closed')).toHaveLength(1);
    expect(rejections).not.toHaveBeenCalled();
    expect(logger.lines).toContainEqual({
      level: 'error',
      message: expect.objectContaining({ type: 'user_code_failed', what: 'ThrowingGateway.later' }),
    });
  });

  it('of a request-scoped gateway cannot be called, and the boot says so', async () => {
    const logger = new MemoryLogger();
    const running = await start([ScopedGateway], {}, { logger });
    expect(logger.textOf('warn')).toContain('ScopedGateway.onOpened is not called');
    await TestClient.connect(`${running.url}/scoped`);
    await until('it is open', () => running.eventsOf('opened').length === 1);
    expect(running.eventsOf('user_code_failed')).toEqual([]);
  });
});

describe('@ConnectionInfo() and get()', () => {
  const start = useApps();

  it('give the snapshot of the client that is served, and of one that is gone', async () => {
    const running = await start([InfoGateway], { identify: () => 'ada' });
    const client = await TestClient.connect(`${running.url}/info`);
    client.send({ event: 'whoami', data: {} });
    await until('it is told', () => client.messages.length === 1);
    const { data } = JSON.parse(client.messages[0]!) as { data: object };
    const [connection] = running.service.connections();
    expect(data).toMatchObject({
      id: connection!.id,
      gateway: 'InfoGateway',
      identity: 'ada',
      state: 'open',
      path: '/info',
    });
    client.socket.close();
    const { atTheEnd } = running.app.get(InfoGateway);
    await until('the gateway knows', () => atTheEnd.length === 1);
    expect(atTheEnd).toMatchObject([{ id: connection!.id, state: 'closed', identity: 'ada' }]);
    expect(running.service.get({})).toBeUndefined();
    expect(running.service.get(null as unknown as object)).toBeUndefined();
  });

  it('give nothing for a client that is not watched', async () => {
    const running = await start([InfoGateway], { gateways: 'decorated' });
    const client = await TestClient.connect(`${running.url}/info`);
    client.send({ event: 'whoami', data: {} });
    await until('it is served', () => client.messages.length === 1);
    expect(JSON.parse(client.messages[0]!)).toEqual({ event: 'whoami' });
  });
});
