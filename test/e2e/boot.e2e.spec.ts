import { afterEach, describe, expect, it } from '@jest/globals';
import { Injectable, Module, type Type } from '@nestjs/common';
import { WsAdapter } from '@nestjs/platform-ws';
import { Test } from '@nestjs/testing';
import { WebSocketGateway } from '@nestjs/websockets';
import {
  ConnectionHealth,
  ConnectionHealthModule,
  ConnectionHealthService,
  type ConnectionHealthModuleOptions,
  type ConnectionHealthOptionsFactory,
  PhoenixCodec,
  SignalrCodec,
  type GatewayHealthOptions,
  type HeartbeatOptions,
} from 'nestjs-connection-health';

import { MemoryLogger } from '../support/app.js';
import { freePort, useApps } from '../support/apps.js';
import { TestClient } from '../support/client.js';
import { until } from '../support/wait.js';

@WebSocketGateway({ path: '/chat' })
class ChatGateway {}

describe('the boot', () => {
  const start = useApps();

  it.each<[string, object, RegExp]>([
    ['an unknown key', { heartbeats: {} }, /option "heartbeats": expected one of .*heartbeat.* got/],
    ['an unknown nested key', { heartbeat: { interval: 5 } }, /"heartbeat.interval": expected/],
    ['a text for a number', { heartbeat: { intervalMs: '5s' } }, /"heartbeat.intervalMs": .* got "5s"/],
    [
      'a timeout as long as the interval',
      { heartbeat: { intervalMs: 300, timeoutMs: 300 } },
      /"heartbeat.timeoutMs": expected less than intervalMs \(300\), got 300/,
    ],
    [
      'a sweep that is too early',
      { heartbeat: { intervalMs: 300, timeoutMs: 200 }, sweep: { staleAfterMs: 500 } },
      /"sweep.staleAfterMs": expected more than .*\(500\), got 500/,
    ],
    [
      'a sweep with nothing to judge by',
      { heartbeat: false, protocolPing: false },
      /"sweep.mode": expected "observe", or sweep: false, where neither heartbeats nor protocol pings/,
    ],
    ['an unknown word', { gateways: 'some' }, /"gateways": expected .* got "some"/],
    ['a code that cannot be sent', { closeCodes: { timeout: 1006 } }, /"closeCodes.timeout": .* got 1006/],
    [
      'an address that is none',
      { trustProxy: '10.0.0.0/99' },
      /"trustProxy": expected .* got "10.0.0.0\/99"/,
    ],
    ['no function', { identify: 'me' }, /"identify": expected a function.*, got "me"/],
    [
      'an object without all of a codec',
      { heartbeat: { codec: { name: 'x' } } },
      /"heartbeat.codec": expected/,
    ],
  ])('is stopped by %s, in a sentence', async (_name, options, message) => {
    await expect(start([ChatGateway], options)).rejects.toThrow(message);
    await expect(start([ChatGateway], options)).rejects.toMatchObject({
      name: 'ConnectionHealthOptionsError',
      code: 'INVALID_OPTION',
    });
    expect(Object.getOwnPropertyNames(ChatGateway.prototype)).toEqual(['constructor']);
  });

  it('is stopped by a wrong option on a gateway, which is named', async () => {
    @ConnectionHealth({ heartbeat: { intervallMs: 5 } } as GatewayHealthOptions)
    @WebSocketGateway()
    class TypoGateway {}
    await expect(start([TypoGateway])).rejects.toThrow(/@ConnectionHealth\(\) on TypoGateway.*intervallMs/);
  });

  it('says which servers it watches, where, for which gateways and how often', async () => {
    const port = await freePort();
    @WebSocketGateway(port)
    class PortGateway {}
    @WebSocketGateway({ path: '/chat' })
    class BesideGateway {}
    const logger = new MemoryLogger();
    const options: ConnectionHealthModuleOptions = {
      heartbeat: { intervalMs: 9_000, timeoutMs: 4_000 },
      sweep: { intervalMs: 20_000, staleAfterMs: 50_000 },
    };
    await start([ChatGateway, PortGateway, BesideGateway], options, { logger });
    const line = logger.lines
      .map(({ message }) => String(message))
      .find((text) => text.includes('watching'))!;
    const timing =
      'heartbeat every 9000 ms, timeout 4000 ms, enforce always, protocol pings with them, sweep every 20000 ms for the silent since 50000 ms (enforce)';
    expect(line).toContain(`BesideGateway+ChatGateway (ws, the app's port, path /chat): ${timing}`);
    expect(line).toContain(`PortGateway (ws, port ${port}, path /): ${timing}`);
  });

  it('says so when there is nothing to watch', async () => {
    const logger = new MemoryLogger();
    await start([], {}, { logger });
    expect(logger.textOf('log')).toContain('no gateway to watch');
  });

  it.each<[string, ConnectionHealthModuleOptions, boolean]>([
    ['above half of it', { heartbeat: { intervalMs: 31_000 } }, true],
    ['at half of it', { heartbeat: { intervalMs: 30_000 } }, false],
    ['never', { heartbeat: false, protocolPing: false, sweep: false }, true],
    ['often enough by protocol pings', { heartbeat: false, protocolPing: { intervalMs: 20_000 } }, false],
  ])(
    'knows the idle limit of the proxies: what is sent %s (%j) is warned of: %s',
    async (_n, options, warned) => {
      const logger = new MemoryLogger();
      await start([ChatGateway], { ...options, proxyIdleTimeoutMs: 60_000 }, { logger });
      expect(/ChatGateway.*proxyIdleTimeoutMs is 60000/.test(logger.textOf('warn'))).toBe(warned);
    },
  );

  it.each<[string, HeartbeatOptions, RegExp | undefined]>([
    [
      'a client that asks, sooner',
      { codec: 'phoenix', intervalMs: 20_000 },
      /is 20000.* every 30000 ms.*least/,
    ],
    ['a client that asks, later', { codec: 'phoenix', intervalMs: 90_000 }, undefined],
    [
      'a client that speaks, sooner',
      { codec: 'signalr', intervalMs: 14_999 },
      /is 14999.* every 15000 ms.*least/,
    ],
    [
      'one that waits for ours as well, too late',
      { codec: 'signalr', intervalMs: 30_000 },
      /is 30000.*below 30000/,
    ],
    ['one that waits for ours as well, in time', { codec: 'signalr', intervalMs: 29_999 }, undefined],
    ['a client that is asked, sooner', { codec: 'graphql-ws', intervalMs: 5_000 }, undefined],
    [
      'a client that is told so',
      { codec: new PhoenixCodec({ clientIntervalMs: 500 }), intervalMs: 500 },
      undefined,
    ],
    ['another, told so', { codec: new SignalrCodec({ clientIntervalMs: 500 }) }, undefined],
  ])('knows what the clients of a codec do: %s', async (_what, heartbeat, warning) => {
    const { codec, ...module } = heartbeat;
    @ConnectionHealth({ heartbeat: { codec: codec! } })
    @WebSocketGateway({ path: '/wire' })
    class WireGateway {}
    const logger = new MemoryLogger();
    // An interval of the module holds for every gateway, whatever its codec says.
    await start([WireGateway], { heartbeat: module }, { logger });
    const told = logger.textOf('warn');
    expect(told.includes('WireGateway')).toBe(warning !== undefined);
    expect(told).toMatch(warning ?? /^/);
  });

  it('warns that SIGTERM will cut everybody off, unless shutdown hooks are enabled', async () => {
    const [without, enabled] = [new MemoryLogger(), new MemoryLogger()];
    await start([ChatGateway], {}, { logger: without });
    await start([ChatGateway], {}, { logger: enabled, prepare: (app) => void app.enableShutdownHooks() });
    expect(without.textOf('warn')).toMatch(/SIGTERM.*app\.enableShutdownHooks\(\)/);
    expect(enabled.textOf('warn')).not.toContain('SIGTERM');
  });
});

describe('forRootAsync()', () => {
  const apps: { close(): Promise<void> }[] = [];
  afterEach(async () => {
    for (const app of apps.splice(0)) await app.close();
  });

  const OPTIONS = { heartbeat: { intervalMs: 300, timeoutMs: 200 } };

  @Injectable()
  class Settings {
    readonly options = OPTIONS;
  }
  @Injectable()
  class Factory implements ConnectionHealthOptionsFactory {
    createConnectionHealthOptions(): Promise<ConnectionHealthModuleOptions> {
      return Promise.resolve(OPTIONS);
    }
  }
  @Module({ providers: [Settings, Factory], exports: [Settings, Factory] })
  class SettingsModule {}

  const ways: Record<string, Parameters<typeof ConnectionHealthModule.forRootAsync>[0]> = {
    useFactory: {
      imports: [SettingsModule],
      inject: [Settings],
      useFactory: async (settings: Settings) => settings.options,
    },
    useClass: { useClass: Factory },
    useExisting: { imports: [SettingsModule], useExisting: Factory },
  };

  async function boot(way: string, gateways: Type[]): Promise<{ url: string; logger: MemoryLogger }> {
    const logger = new MemoryLogger();
    const module = await Test.createTestingModule({
      imports: [ConnectionHealthModule.forRootAsync(ways[way]!)],
      providers: gateways,
    })
      .setLogger(logger)
      .compile();
    const app = module.createNestApplication();
    app.useWebSocketAdapter(new WsAdapter(app));
    await app.listen(0, '127.0.0.1');
    apps.push(app);
    expect(app.get(ConnectionHealthService)).toBeInstanceOf(ConnectionHealthService);
    return { url: (await app.getUrl()).replace('http', 'ws'), logger };
  }

  it.each(Object.keys(ways))('takes options by %s, in time for every gateway', async (way) => {
    const { url, logger } = await boot(way, [ChatGateway]);
    expect(logger.textOf('log')).toContain('heartbeat every 300 ms');
    const silent = await TestClient.connect(`${url}/chat`, { answers: false });
    await until('it is closed', () => silent.closed !== undefined);
    expect(silent.closed).toMatchObject({ code: 4001 });
  });

  it('stops the boot as well', async () => {
    ways['wrong'] = { useFactory: () => ({ heartbeat: { intervalMs: -1 } }) };
    await expect(boot('wrong', [ChatGateway])).rejects.toThrow(/"heartbeat.intervalMs": expected .* got -1/);
  });
});
