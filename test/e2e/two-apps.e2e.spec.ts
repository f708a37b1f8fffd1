import 'reflect-metadata';

import { describe, expect, it } from '@jest/globals';
import { UseInterceptors, type CallHandler, type ExecutionContext, type Type } from '@nestjs/common';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { ConnectionHealthService, OnConnectionOpened, type OpenedEvent } from 'nestjs-connection-health';

import { startApp, type TestApp } from '../support/app.js';
import { startWithoutUs, useApps } from '../support/apps.js';
import { TestClient } from '../support/client.js';
import { until } from '../support/wait.js';

const HEARTBEAT = { intervalMs: 300, timeoutMs: 200 };
const INTERCEPTORS = '__interceptors__';

class AppsOwnInterceptor {
  intercept(_context: ExecutionContext, next: CallHandler): unknown {
    return next.handle();
  }
}

function gatewayClass(): Type<{ readonly opened: string[] }> {
  @WebSocketGateway()
  class SharedGateway {
    readonly opened: string[] = [];
    @OnConnectionOpened()
    onOpened({ connection }: OpenedEvent): void {
      this.opened.push(connection.id);
    }
    @SubscribeMessage('echo')
    echo(_client: unknown, data: unknown): unknown {
      return { event: 'echo', data };
    }
  }
  return SharedGateway;
}

/** Everything on a class and its prototype that anybody could have put there. */
function traces(gateway: Type): unknown {
  const prototype = gateway.prototype as object;
  const properties = Reflect.ownKeys(prototype).map((key) => [
    key,
    ...Reflect.getOwnMetadataKeys(prototype, key as string),
  ]);
  const metadata = Reflect.getOwnMetadataKeys(gateway).map((key) => [
    key,
    Reflect.getOwnMetadata(key as string, gateway) as unknown,
  ]);
  return { properties, metadata };
}

async function expectEcho({ url }: TestApp, data: string): Promise<void> {
  const client = await TestClient.connect(url);
  client.send({ event: 'echo', data });
  await until(`${data} has come back`, () => client.messages.length === 1);
  expect(client.messages).toEqual([JSON.stringify({ event: 'echo', data })]);
}

describe('two apps in one process', () => {
  const start = useApps();

  it('that share a gateway class track their own sockets only', async () => {
    const SharedGateway = gatewayClass();
    const one = await start([SharedGateway], { heartbeat: HEARTBEAT });
    const two = await start([SharedGateway], { heartbeat: { intervalMs: 2_000 } });
    const [first, second, third] = [
      await TestClient.connect(one.url, { answers: false }),
      await TestClient.connect(two.url, { answers: false }),
      await TestClient.connect(two.url),
    ];
    expect([one, two].map(({ service }) => service.connections().length)).toEqual([1, 2]);
    expect([one, two].map(({ app }) => app.get(SharedGateway).opened.length)).toEqual([1, 2]);
    const ids = [one, two].flatMap(({ service }) => service.connections().map(({ id }) => id));
    await until("the first app's is closed", () => first.closed !== undefined);
    expect([second.isOpen, third.isOpen]).toEqual([true, true]);
    expect([one, two].map(({ events }) => events.filter(({ type }) => type === 'closed').length)).toEqual([
      1, 0,
    ]);
    await expect(one.service.disconnect({ id: ids[1]! })).resolves.toBe(0);
    await expect(two.service.disconnect({ id: ids[1]! })).resolves.toBe(1);
  });

  it.each(['first', 'second'])('go on without the %s', async (which) => {
    const SharedGateway = gatewayClass();
    const one = await start([SharedGateway], { heartbeat: HEARTBEAT });
    const two = await start([SharedGateway], { heartbeat: HEARTBEAT });
    const [gone, left] = which === 'first' ? [one, two] : [two, one];
    const [living, silent] = [
      await TestClient.connect(left.url),
      await TestClient.connect(left.url, { answers: false }),
    ];
    await gone.app.close();
    await until('the silent one is closed', () => silent.closed !== undefined);
    expect(living.isOpen).toBe(true);
    await expectEcho(left, `without the ${which}`);
    expect(left.app.get(SharedGateway).opened).toHaveLength(3);
    const three = await start([SharedGateway], { heartbeat: HEARTBEAT });
    await expectEcho(three, 'a third one');
  });

  it('go on where one is closed while the other has not been given its servers yet', async () => {
    const SharedGateway = gatewayClass();
    const one = await start([SharedGateway], { heartbeat: HEARTBEAT });
    const closing = {
      provide: 'closing',
      inject: [ConnectionHealthService],
      useFactory: () => one.app.close(),
    };
    const two = await start([SharedGateway], { heartbeat: HEARTBEAT }, { providers: [closing] });
    const silent = await TestClient.connect(two.url, { answers: false });
    expect(two.service.connections()).toHaveLength(1);
    await until('it is closed', () => silent.closed !== undefined);
  });

  it.each([
    ['first', 'last'],
    ['last', 'first'],
  ])('leave the class as they found it when the %s is closed before the %s', async (order) => {
    const plain = gatewayClass();
    @UseInterceptors(AppsOwnInterceptor)
    class InterceptedGateway extends gatewayClass() {}
    WebSocketGateway({ path: '/intercepted' })(InterceptedGateway);
    @UseInterceptors(AppsOwnInterceptor)
    class ParentGateway extends gatewayClass() {}
    WebSocketGateway({ path: '/parent' })(ParentGateway);
    class HeirGateway extends ParentGateway {}
    WebSocketGateway({ path: '/heir' })(HeirGateway);
    const gateways = [plain, InterceptedGateway, ParentGateway, HeirGateway];
    // Nest itself makes notes on a class when it first sees it.
    await (await startWithoutUs(gateways)).app.close();
    const before = gateways.map(traces);

    const apps = [await startApp(gateways), await startApp(gateways)];
    const during = gateways.map(traces);
    if (order === 'last') apps.reverse();
    for (const { app } of apps) await app.close();
    expect(during).not.toEqual(before);
    expect(gateways.map(traces)).toEqual(before);
    expect(Reflect.getMetadata(INTERCEPTORS, InterceptedGateway)).toEqual([AppsOwnInterceptor]);
    expect(Reflect.hasOwnMetadata(INTERCEPTORS, plain)).toBe(false);
  });
});
