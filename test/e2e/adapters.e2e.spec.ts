import { describe, expect, it } from '@jest/globals';
import type { INestApplication } from '@nestjs/common';
import { WsAdapter } from '@nestjs/platform-ws';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { HeartbeatFilterInterceptor } from 'nestjs-connection-health';

import { useApps } from '../support/apps.js';
import { OddAdapter } from '../support/odd.adapter.js';

const INTERCEPTORS = '__interceptors__';

@WebSocketGateway()
class ChatGateway {
  @SubscribeMessage('say')
  say(): void {}
}

/** As apps have them: another parser, or a word at each client. */
class AppAdapter extends WsAdapter {
  override bindClientConnect(server: object, callback: (...args: unknown[]) => void): void {
    super.bindClientConnect(server, callback);
  }
}

/** Servers of its own making. */
class OwnServerAdapter extends WsAdapter {
  override create(...args: Parameters<WsAdapter['create']>): ReturnType<WsAdapter['create']> {
    return super.create(...args) as ReturnType<WsAdapter['create']>;
  }
}

function patchedAdapter(app: INestApplication): WsAdapter {
  const own = new WsAdapter(app);
  own.create = own.create.bind(own);
  return own;
}

/** What Nest finds when it binds the gateway: what is not there is left out. */
function interceptorsFound(): unknown[] {
  const all = (Reflect.getMetadata(INTERCEPTORS, ChatGateway) ?? []) as unknown[];
  return [...all].filter((each) => each !== undefined);
}

describe('the interceptor', () => {
  const start = useApps();

  it.each([
    ['Nest’s own adapter', (app: INestApplication) => new WsAdapter(app), 0],
    ['an adapter that inherits from it', (app: INestApplication) => new AppAdapter(app), 0],
    ['one that makes its servers itself', (app: INestApplication) => new OwnServerAdapter(app), 1],
    [
      'one that nobody knows',
      (app: INestApplication) => new OddAdapter(app, () => undefined) as unknown as WsAdapter,
      1,
    ],
  ])('behind %s costs no message anything, or is there', async (_what, adapter, count) => {
    const { app } = await start([ChatGateway], {}, { adapter });
    const found = interceptorsFound();
    expect(found).toHaveLength(count);
    for (const each of found) expect(each).toBeInstanceOf(HeartbeatFilterInterceptor);
    await app.close();
    expect(Reflect.getMetadata(INTERCEPTORS, ChatGateway)).toBeUndefined();
  });

  it('behind an adapter of which one method was replaced on the object is there', async () => {
    await start([ChatGateway], {}, { adapter: patchedAdapter });
    expect(interceptorsFound()).toHaveLength(1);
  });
});
